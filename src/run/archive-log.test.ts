/** A real log into a real archive. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inputOf, linesOf, textsOf } from '../../test/contract/archive-lines.ts'
import { batchOf } from '../../test/contract/log.contract.ts'
import { FilesArchive } from '../engines/files/archive.ts'
import { besideLog, FilesLog } from '../engines/files/log.ts'
import type { Archive } from '../ports/archive.ts'
import { archiveLog } from './archive-log.ts'

let dataDir: string
let archive: Archive
let log: FilesLog
let nowMs = 1000
const clocks = { now: () => nowMs, steady: () => nowMs }

let freeBytes: number
const readRoom = () => ({ freeBytes, totalBytes: 12_000 })
const openLog = () => FilesLog.open({ dataDir, clocks, segmentBytes: 300, firstOffset: nextOffset, readRoom })
const nextOffset = async (source = 'web') => (await archive.manifest(source))?.nextOffset ?? 0
beforeEach(async () => {
  nowMs = 1000
  freeBytes = 12_000
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-archive-log-'))
  archive = new FilesArchive({ dataDir, limits: { pieceBytes: 256, blockBytes: 1024 } })
  log = await openLog()
})
afterEach(async () => {
  await log.close()
  await rm(dataDir, { recursive: true })
})

const job = (passed?: number) => ({ log, archive, passed: async () => passed })
const ingest = (text: string) =>
  besideLog({ dataDir, source: 'web' }, nextOffset, () =>
    archive.ingest('web', [inputOf('a', text)], { now: () => nowMs }),
  )

function boundValue(of: FilesLog, name: string | symbol): unknown {
  const value: unknown = Reflect.get(of, name, of)
  return typeof value === 'function' ? value.bind(of) : value
}

async function appendLines(count: number, from = 0): Promise<string[]> {
  const texts = Array.from({ length: count }, (_, index) => `line ${from + index}`)
  for (const text of texts) await log.append('web', batchOf(`${text}\n`))
  return texts
}

describe('archiving a log', () => {
  it('keeps offsets and observed times, and adds nothing twice', async () => {
    nowMs = 5000
    const texts = await appendLines(5)
    nowMs = 6000
    texts.push(...(await appendLines(40, 5)))
    expect(await archiveLog(job(), 'web', { isUrgent: true })).toEqual({
      source: 'web',
      lines: 45,
      endOffset: 45,
    })
    expect(await archiveLog(job(), 'web', { isUrgent: true })).toMatchObject({ lines: 0, endOffset: 45 })
    const lines = await linesOf(archive, 'web')
    expect(lines.map(({ raw }) => raw.toString())).toEqual(texts)
    expect(lines.map(({ offset }) => offset)).toEqual(texts.map((_, index) => index))
    expect(lines.map(({ observedMs }) => observedMs)).toEqual(
      texts.map((_, index) => (index < 5 ? 5000 : 6000)),
    )
  })

  it('waits until enough has gathered, or is old enough', async () => {
    await appendLines(10)
    const limits = { blockBytes: 100_000, mostWaitMs: 60_000 }
    expect(await archiveLog(job(), 'web', limits)).toMatchObject({ lines: 0 })
    nowMs += 60_000
    expect(await archiveLog(job(), 'web', limits)).toMatchObject({ lines: 10 })
    await appendLines(10)
    expect(await archiveLog(job(), 'web', { ...limits, blockBytes: 200 })).toMatchObject({ lines: 10 })
  })

  it('waits for nothing while the storage of the log gives up lines', async () => {
    await appendLines(10)
    const expiring = (end: number) => {
      const isExpiring = (_: string, from: number) => from < end
      return new Proxy(log, {
        get: (of, name) => (name === 'isExpiring' ? isExpiring : boundValue(of, name)),
      })
    }
    expect(await archiveLog({ ...job(), log: expiring(5) }, 'web')).toMatchObject({ lines: 10 })
    await appendLines(1, 10)
    expect(await archiveLog({ ...job(), log: expiring(5) }, 'web')).toMatchObject({ lines: 0 })
  })

  it('waits for nothing while the disk is nearly full, and gives lines up step by step', async () => {
    const texts = await appendLines(200)
    freeBytes = 1000
    nowMs += 1000
    const held: number[] = []
    const passed = async () => {
      held.push(log.sources()[0]!.startOffset)
      return undefined
    }
    expect(await archiveLog({ ...job(), passed }, 'web')).toMatchObject({ lines: 200 })
    // A step has 600 bytes of lines.
    expect(held).toEqual([...held].sort((a, b) => a - b))
    expect(held.length).toBeGreaterThan(2)
    expect(new Set(held).size).toBe(held.length)
    expect(await textsOf(archive, 'web')).toEqual(texts)
  })

  it('trims only what both the archive and the report have passed', async () => {
    await appendLines(60)
    await archiveLog(job(20), 'web', { isUrgent: true })
    const [{ startOffset } = { startOffset: 0 }] = log.sources()
    expect(startOffset).toBeGreaterThan(10)
    expect(startOffset).toBeLessThanOrEqual(20)
    await archiveLog(job(60), 'web', { isUrgent: true })
    expect(log.sources()[0]!.startOffset).toBeGreaterThan(50)
  })

  it('refuses to leave a gap', async () => {
    await appendLines(60)
    await log.trim('web', 60)
    const { startOffset } = log.sources()[0]!
    const missing = {
      code: 'LOG_LINES_MISSING',
      params: { lines: startOffset, offsets: `0..${startOffset}` },
    }
    await expect(archiveLog(job(), 'web', { isUrgent: true })).rejects.toMatchObject(missing)
    expect(await textsOf(archive, 'web')).toEqual([])
  })
})

describe('an ingest beside a log', () => {
  it('is refused while a server has the log open', async () => {
    await appendLines(3)
    await expect(ingest('from a file\n')).rejects.toMatchObject({ code: 'INGEST_LOG_OPEN' })
  })

  it('is refused while the log holds lines that the archive has not', async () => {
    await appendLines(3)
    await log.close()
    await expect(ingest('from a file\n')).rejects.toMatchObject({ code: 'INGEST_LOG_AHEAD' })
    log = await openLog()
    await archiveLog(job(), 'web', { isUrgent: true })
    await log.close()
    await ingest('from a file\n')
    log = await openLog()
    expect(await log.append('web', batchOf('after\n'))).toMatchObject({ firstOffset: 4 })
    await archiveLog(job(), 'web', { isUrgent: true })
    expect(await textsOf(archive, 'web')).toEqual(['line 0', 'line 1', 'line 2', 'from a file', 'after'])
  })

  it('keeps a log from beginning while it runs', async () => {
    const appended = besideLog({ dataDir, source: 'web' }, nextOffset, () =>
      log.append('web', batchOf('x\n')).then(
        () => 'appended',
        (error: { code: string }) => error.code,
      ),
    )
    expect(await appended).toBe('DATA_LOCKED')
  })
})
