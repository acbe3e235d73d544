/** What the log on files does beyond the contract of every log. */
import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { batchOf, readAll, textOf } from '../../../../test/contract/log.contract.ts'
import type { MillraceError } from '../../../core/error.ts'
import { type LogDisk, realLogDisk } from '../../../log/log-disk.ts'
import { FilesLog, type FilesLogOptions } from '../log.ts'
import { printBatchHeader, seedOf } from './batch-format.ts'

let dataDir: string
let nowMs: number
const clocks = { now: () => nowMs, steady: () => nowMs }
beforeEach(async () => {
  nowMs = 1000
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-source-log-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

const open = (options: Partial<FilesLogOptions> = {}) =>
  FilesLog.open({ dataDir, clocks, firstOffset: async () => 0, ...options })
const segments = async () =>
  (await readdir(join(dataDir, 'log/web'))).filter((name) => name.endsWith('.log')).sort()
const pathOf = async (index: number) => join(dataDir, 'log/web', (await segments()).at(index)!)

/** Syncs of batches wait until they are let go. */
function heldDisk(): { disk: LogDisk; hold(): void; letGo(): void } {
  let [gate, letGo] = [Promise.resolve(), () => {}]
  const hold = () => {
    gate = new Promise((resolve) => {
      letGo = resolve
    })
  }
  const openAppend: LogDisk['openAppend'] = async (path, length) => {
    const file = await realLogDisk.openAppend(path, length)
    return {
      append: (buffers) => file.append(buffers),
      sync: async () => {
        await gate
        await file.sync()
      },
      requireHeld: () => file.requireHeld(),
      close: () => file.close(),
    }
  }
  return { disk: { ...realLogDisk, openAppend }, hold, letGo: () => letGo() }
}

/** Notes what is done to segments. */
function recordingDisk(acts: string[]): LogDisk {
  return {
    ...realLogDisk,
    openAppend: async (path, length) => {
      const file = await realLogDisk.openAppend(path, length)
      acts.push(`cut to ${length}`)
      return {
        append: (buffers) => file.append(buffers).finally(() => acts.push('append')),
        sync: () => file.sync().finally(() => acts.push('sync')),
        requireHeld: () => file.requireHeld(),
        close: () => file.close(),
      }
    },
    rewrite: (...place) => realLogDisk.rewrite(...place).finally(() => acts.push('rewrite')),
  }
}

it('promises no clock beyond the stamp of lines that are not durable yet', async () => {
  const { disk, hold, letGo } = heldDisk()
  const log = await open({ disk })
  await log.append('web', batchOf('a\n'))
  hold()
  nowMs = 2000
  const appending = log.append('web', batchOf('b\n'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  nowMs = 9000
  expect(log.end('web')).toEqual({ endOffset: 1, clockMs: 2000 })
  expect(await log.read('web', 1, 100)).toEqual([])
  letGo()
  expect(await appending).toMatchObject({ observedMs: 2000 })
  expect(log.end('web')).toEqual({ endOffset: 2, clockMs: 9000 })
  await log.close()
})

it('stamps no line with an earlier time than was promised before a restart', async () => {
  const log = await open()
  await log.append('web', batchOf('a\n'))
  await log.close()
  const again = await open({ knownClock: async () => ({ lastMs: 7000 }) })
  expect(await again.append('web', batchOf('b\n'))).toMatchObject({ observedMs: 7000 })
  await again.close()
})

it('makes what a crash left durable, and the cut of a torn tail, before anything is told or written', async () => {
  const log = await open()
  await log.append('web', batchOf('a\n'))
  await log.close()
  const path = await pathOf(0)
  const sound = await readFile(path)
  await writeFile(path, Buffer.concat([sound, Buffer.from('torn')]))
  const acts: string[] = []
  const again = await open({ disk: recordingDisk(acts) })
  expect(again.end('web').endOffset).toBe(1)
  expect(acts).toEqual([`cut to ${sound.length}`, 'rewrite', 'sync'])
  await again.close()
})

it('begins a new segment when the last one is old', async () => {
  const log = await open()
  await log.append('web', batchOf('a\n'))
  nowMs += 3_600_000
  await log.append('web', batchOf('b\n'))
  await log.append('web', batchOf('c\n'))
  expect(await segments()).toEqual(['0000000000000000.log', '0000000000000001.log'])
  await log.close()
})

it('says where a segment before the last is damaged, cut short or missing', async () => {
  const log = await open({ segmentBytes: 200 })
  for (let index = 0; index < 30; index++) await log.append('web', batchOf(`line ${index}\n`))
  await log.close()
  const path = await pathOf(1)
  const bytes = await readFile(path)
  const spoil = [
    () =>
      writeFile(
        path,
        bytes.map((byte, at) => (at === bytes.length - 2 ? byte ^ 1 : byte)),
      ),
    () => truncate(path, bytes.length - 60),
    () => rm(path),
  ]
  for (const act of spoil) {
    await writeFile(path, bytes)
    await act()
    const again = await open({ segmentBytes: 200 })
    await expect(readAll(again, 'web', 0)).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
    await again.close()
  }
})

it('takes no line for a batch, whatever a client writes into it', async () => {
  const log = await open()
  await log.append('web', batchOf('a\n'))
  const header = { groupStart: 4_000_000_000, firstOffset: 9, lines: 1, observedMs: 1 }
  const forged = printBatchHeader(header, [Buffer.from('x\n')], { seed: seedOf('') })
  await log.append('web', { chunks: [Buffer.alloc(20_000, 'y'), forged, Buffer.from('x\n')], lines: 1 })
  await log.close()
  const path = await pathOf(-1)
  const bytes = await readFile(path)
  bytes[bytes.length - 30_00]! ^= 1
  await writeFile(path, bytes)
  const torn: number[] = []
  const again = await open({ onTorn: (_, count) => torn.push(count) })
  expect(textOf(await readAll(again, 'web', 0))).toBe('a\n')
  expect(torn[0]).toBeGreaterThan(20_000)
  await again.close()
})

it('puts no batch with a context into a segment of format 1, which older versions read', async () => {
  const old = join(import.meta.dirname, '../../../../test/fixtures/data-format-1/data')
  await cp(join(old, 'log/web'), join(dataDir, 'log/web'), { recursive: true })
  // Soon after its lines came: an old segment would make room for another anyway.
  nowMs = Date.parse('2026-11-30T18:17:00Z')
  const log = await open({ firstOffset: async () => 2 })
  await log.append('web', batchOf('old\n'))
  await log.append('web', { ...batchOf('new\n'), context: '{"format":1}' })
  await log.close()
  expect(await segments()).toEqual(['0000000000000002.log', '0000000000000005.log'])
  expect((await readFile(await pathOf(0)))[7]).toBe(1)
  expect((await readFile(await pathOf(1)))[7]).toBe(2)
  const again = await open({ firstOffset: async () => 2 })
  const read = await readAll(again, 'web', 4)
  expect(read.map(({ context }) => context)).toEqual([undefined, '{"format":1}'])
  expect(textOf(read)).toBe('old\nnew\n')
  await expect(again.append('web', { ...batchOf('x\n'), context: 'y'.repeat(65_536) })).rejects.toThrow(
    '65535',
  )
  await again.close()
})

it('finishes a skip to the archive that a crash broke off', async () => {
  const log = await open()
  for (let index = 0; index < 3; index++) await log.append('web', batchOf(`line ${index}\n`))
  await log.close()
  const first = await readFile(await pathOf(0))
  const skipped = await open({ firstOffset: async () => 10 })
  expect(skipped.sources()).toMatchObject([{ startOffset: 10, endOffset: 10 }])
  await skipped.close()
  // As if the crash had come before the removal.
  await writeFile(join(dataDir, 'log/web/0000000000000000.log'), first)
  const again = await open({ firstOffset: async () => 10 })
  expect(again.sources()).toMatchObject([{ startOffset: 10, endOffset: 10 }])
  expect(await again.append('web', batchOf('next\n'))).toMatchObject({ firstOffset: 10 })
  await again.close()
})

it('writes again what was written last before it goes on, for it may never have reached the disk', async () => {
  const log = await open()
  await log.append('web', batchOf('a\n'))
  await Promise.all([log.append('web', batchOf('b\n')), log.append('web', batchOf('c\n'))])
  await log.close()
  const rewritten: string[] = []
  const rewrite: LogDisk['rewrite'] = async (path, position, bytes) => {
    expect((await readFile(path)).subarray(position).equals(bytes)).toBe(true)
    rewritten.push(Buffer.from(bytes).toString('latin1'))
    await realLogDisk.rewrite(path, position, bytes)
  }
  const again = await open({ disk: { ...realLogDisk, rewrite } })
  expect(rewritten).toHaveLength(1)
  expect(rewritten[0]).toMatch(/b\n.*c\n$/s)
  expect(rewritten[0]).not.toContain('a\n')
  expect(textOf(await readAll(again, 'web', 0))).toBe('a\nb\nc\n')
  await again.close()
})

it('refuses lines while the disk is nearly full, lets go of all that it holds, and goes on by itself', async () => {
  let freeBytes = 5000
  const log = await open({ readRoom: () => ({ freeBytes, totalBytes: 10_000 }) })
  const idempotency = { scope: 'a', key: 'k', digest: Buffer.alloc(32) }
  await log.append('web', { ...batchOf('a\n'), idempotency })
  freeBytes = 900
  nowMs += 1000
  const full = { code: 'LOG_DISK_FULL' }
  await expect(log.append('web', batchOf('b\n'))).rejects.toMatchObject(full)
  await expect(log.append('other', batchOf('b\n'))).rejects.toMatchObject(full)
  expect([log.failure, log.trouble, log.drainBytes]).toMatchObject([undefined, full, 500])
  // What was acked is read, and known, all the while.
  expect(textOf(await readAll(log, 'web', 0))).toBe('a\n')
  expect(await log.append('web', { ...batchOf('a\n'), idempotency })).toMatchObject({ isDuplicate: true })
  expect(log.end('web')).toMatchObject({ endOffset: 1, clockMs: nowMs })
  await log.trim('web', 1)
  expect(await segments()).toEqual(['0000000000000001.log'])
  await expect(log.append('web', batchOf('b\n'))).rejects.toMatchObject(full)
  expect(await segments()).toEqual(['0000000000000001.log'])
  freeBytes = 2000
  nowMs += 1000
  expect([log.trouble, log.drainBytes]).toEqual([undefined, undefined])
  expect(await log.append('web', batchOf('b\n'))).toMatchObject({ firstOffset: 1 })
  await log.close()
  const again = await open()
  expect(await again.append('web', { ...batchOf('a\n'), idempotency })).toMatchObject({ isDuplicate: true })
  expect(textOf(await readAll(again, 'web', 1))).toBe('b\n')
  await again.close()
})

it('has segments on a small drive that can be archived within the reserve', async () => {
  const log = await open({ readRoom: () => ({ freeBytes: 5000, totalBytes: 5000 }) })
  for (const text of ['a', 'b', 'c']) await log.append('web', batchOf(`${text.repeat(299)}\n`))
  expect(await segments()).toEqual(['0000000000000000.log', '0000000000000001.log', '0000000000000002.log'])
  await log.close()
})

it.each([
  ['deleted', () => rm(join(dataDir, 'log'), { recursive: true })],
  ['deleted', () => rm(dataDir, { recursive: true })],
  ['moved', () => rename(join(dataDir, 'log'), join(dataDir, 'elsewhere'))],
  [
    'replaced',
    async () =>
      writeFile(`${await pathOf(0)}.new`, '').then(async () =>
        rename(`${await pathOf(0)}.new`, await pathOf(0)),
      ),
  ],
])(
  'acks nothing into a file that was %s under it, and its command brings the lines back',
  async (what, act) => {
    const log = await open()
    await log.append('web', batchOf('a\n'))
    await log.look()
    expect(log.failure).toBeUndefined()
    await act()
    const gone = { code: 'LOG_FILE_GONE', message: expect.stringContaining(what) }
    await expect(log.append('web', batchOf('b\n'))).rejects.toMatchObject(gone)
    expect(log.failure).toMatchObject(gone)
    const { command } = (log.failure as MillraceError).params
    execFileSync('sh', ['-c', String(command)])
    await log.close()
    const again = await open()
    // The second line was refused, and may be there all the same.
    expect(textOf(await readAll(again, 'web', 0))).toMatch(/^a\n/)
    await again.close()
  },
)

it('notices a file or folder that was deleted under it while no lines come', async () => {
  const log = await open()
  await log.append('web', batchOf('a\n'))
  await rm(await pathOf(0))
  await log.look()
  expect(log.failure).toMatchObject({ code: 'LOG_FILE_GONE' })
  await log.close()
})

it.each([
  ['as many lines', 2],
  ['more lines', 5],
])('does not open beside an archive of %s that holds others at its offsets', async (_, archived) => {
  let stampMs = 0
  const beside = { firstOffset: async () => archived, archivedStamp: async () => stampMs }
  const log = await open()
  const { observedMs } = await log.append('web', batchOf('a\n'))
  await log.append('web', batchOf('b\n'))
  await log.close()
  await expect(open(beside)).rejects.toMatchObject({
    code: 'LOG_OTHER_LINES',
    params: { source: 'web', offset: 1 },
  })
  stampMs = observedMs
  const again = await open(beside)
  expect(await again.append('web', batchOf('c\n'))).toMatchObject({ firstOffset: archived })
  await again.close()
})

it('begins no log in a folder that took the place of its own', async () => {
  const log = await open()
  await rm(join(dataDir, 'log.lock'), { recursive: true })
  await expect(log.append('web', batchOf('a\n'))).rejects.toMatchObject({ code: 'LOG_FOLDER_GONE' })
  await log.look()
  expect(log.failure).toMatchObject({ code: 'LOG_FOLDER_GONE' })
  await log.close()
})

it('keeps a second server out', async () => {
  const log = await open()
  await expect(open()).rejects.toMatchObject({ code: 'DATA_LOCKED' })
  await log.close()
  await (await open()).close()
})
