import { tmpdir } from 'node:os'
import { beforeEach, describe, expect, it } from 'vitest'
import { DiskReserve } from './disk-reserve.ts'
import { type DriveRoom, readDriveRoom } from './drive-room.ts'

const MIB = 1024 * 1024
let nowMs: number
let looks: number
let room: DriveRoom | undefined
let reserve: DiskReserve
beforeEach(() => {
  ;[nowMs, looks] = [0, 0]
  room = { freeBytes: 1000 * MIB, totalBytes: 10_000 * MIB }
  const readRoom = () => {
    looks += 1
    return room
  }
  reserve = new DiskReserve({ folder: '/data/log', steady: () => nowMs, readRoom })
})

function setFree(mib: number): void {
  room = { ...room!, freeBytes: mib * MIB }
  nowMs += 1000
}

describe('the reserve of a disk', () => {
  it('keeps 128 MiB back, or a tenth of a smaller drive', () => {
    setFree(129)
    expect([reserve.take(MIB), reserve.stepBytes]).toEqual([undefined, 64 * MIB])
    expect(reserve.take(1)).toMatchObject({
      code: 'LOG_DISK_FULL',
      message: expect.stringMatching(
        /\/data\/log .*128\.0 MiB are free, and 128\.0 MiB are kept .* once 160\.0 MiB are/,
      ),
    })
    room = { freeBytes: 6 * MIB, totalBytes: 50 * MIB }
    nowMs += 1000
    reserve = new DiskReserve({ folder: '', steady: () => nowMs, readRoom: () => room })
    expect([reserve.take(MIB), reserve.stepBytes]).toEqual([undefined, 2.5 * MIB])
    expect(reserve.take(1)).toBeDefined()
  })

  it('takes lines again when a quarter more is free, and room for those that were refused', () => {
    setFree(130)
    expect(reserve.take(8 * MIB)).toBeDefined()
    setFree(165)
    expect([reserve.take(8 * MIB)?.code, reserve.shortage?.code]).toEqual(['LOG_DISK_FULL', 'LOG_DISK_FULL'])
    setFree(169)
    expect([reserve.shortage, reserve.take(8 * MIB)]).toEqual([undefined, undefined])
    expect(reserve.take(30 * MIB)).toBeUndefined()
  })

  it('tells of a shortage before lines come, in the same words until it is over', () => {
    expect(reserve.shortage).toBeUndefined()
    setFree(100)
    const first = reserve.shortage
    expect(first?.message).toContain('100.0 MiB are free')
    setFree(90)
    expect(reserve.shortage).toBe(first)
    setFree(200)
    expect(reserve.shortage).toBeUndefined()
  })

  it('asks the drive four times a second at most, and counts what it gave out since', () => {
    setFree(138)
    for (let count = 0; count < 10; count++) expect(reserve.take(MIB)).toBeUndefined()
    expect(reserve.take(MIB)).toBeDefined()
    expect(looks).toBe(1)
    nowMs += 250
    expect(reserve.shortage).toBeDefined()
    expect(looks).toBe(2)
  })

  it('refuses nothing where the system does not tell', () => {
    room = undefined
    expect([reserve.take(MIB), reserve.shortage]).toEqual([undefined, undefined])
    expect(readDriveRoom('/there/is/none')).toBeUndefined()
    expect(readDriveRoom(tmpdir())!.freeBytes).toBeGreaterThan(0)
  })
})
