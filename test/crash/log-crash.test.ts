/**
 * The log after crashes: torn tails, flipped bits, failing and full disks, and power cuts. Whatever was acked is there,
 * once and in order. MILLRACE_POWER_CUTS sets how many states of a power cut are laid out, MILLRACE_SEED which.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recoverBytes } from '../../src/engines/files/log/recover-segment.ts'
import { FilesLog, type FilesLogOptions } from '../../src/engines/files/log.ts'
import { type AppendFile, type LogDisk, realLogDisk, SyncFailure } from '../../src/log/log-disk.ts'
import { batchOf, keyOf, readAll, textOf } from '../contract/log.contract.ts'
import { Random } from '../model/random.ts'
import { randomShare } from '../turn.ts'
import { RecordingLogDisk } from './recording-log-disk.ts'

const { count: CUTS, seed: SEED } = randomShare('MILLRACE_POWER_CUTS', 1000, 3)
const clocks = { now: () => 1000, steady: () => 0 }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-log-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let places = 0
const newPlace = () => join(folder, String(places++))
/** A power cut is only laid out here, so nothing need truly be synced. */
const unsynced: LogDisk = {
  ...realLogDisk,
  syncFile: async () => undefined,
  syncFolder: async () => undefined,
  async openAppend(path, length) {
    const file = await realLogDisk.openAppend(path, length)
    return {
      append: (buffers) => file.append(buffers),
      sync: async () => undefined,
      requireHeld: () => file.requireHeld(),
      close: () => file.close(),
    }
  },
}
const open = (dataDir: string, options: Partial<FilesLogOptions> = {}) =>
  FilesLog.open({ dataDir, clocks, firstOffset: async () => 0, ...options })

async function heldIn(dataDir: string): Promise<string> {
  const log = await open(dataDir, { disk: unsynced })
  try {
    return log.sources().length === 0 ? '' : textOf(await readAll(log, 'web', log.sources()[0]!.startOffset))
  } finally {
    await log.close()
  }
}

/** The bytes of one segment with batches of about `size` bytes. */
async function segmentBytes(batches: number, size: number): Promise<Buffer> {
  const dataDir = newPlace()
  const log = await open(dataDir)
  for (let index = 0; index < batches; index++)
    await log.append('web', batchOf(`${index} ${'x'.repeat(size)}\n`, keyOf(`k${index}`, String(index))))
  await log.close()
  const web = join(dataDir, 'log/web')
  return readFileSync(join(web, readdirSync(web).find((name) => name.endsWith('.log'))!))
}

describe('a torn tail', () => {
  it('is cut at the last whole batch, at every byte of the last 64 KiB', async () => {
    const bytes = await segmentBytes(40, 2000)
    expect(bytes.length).toBeGreaterThan(65_536)
    const whole = recoverBytes(bytes, 'segment')!
    const ends = whole.batches.map(({ position, totalBytes }) => position + totalBytes)
    for (let length = bytes.length - 65_536; length <= bytes.length; length++) {
      const found = recoverBytes(bytes.subarray(0, length), 'segment')!
      const expected = ends.filter((end) => end <= length)
      if (found.batches.length !== expected.length || found.tornBytes !== length - (expected.at(-1) ?? 48))
        expect({ length, found: found.batches.length }).toEqual({ length, found: expected.length })
    }
  })
})

describe('a flipped bit', () => {
  it('of a batch that others follow is damage, whichever it is', async () => {
    const bytes = await segmentBytes(4, 100)
    const { position, totalBytes } = recoverBytes(bytes, 'segment')!.batches[1]!
    const missed: number[] = []
    for (let bit = 0; bit < totalBytes * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[position + (bit >> 3)]! ^= 1 << (bit & 7)
      try {
        recoverBytes(flipped, 'segment')
        missed.push(bit)
      } catch (error) {
        expect(error).toMatchObject({ code: 'LOG_DAMAGED' })
      }
    }
    expect(missed).toEqual([])
  })

  it('of the last batch is told from nothing: it looks torn, and no line of it is given out', async () => {
    const bytes = await segmentBytes(4, 100)
    const { position, totalBytes } = recoverBytes(bytes, 'segment')!.batches[3]!
    for (let bit = 0; bit < totalBytes * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[position + (bit >> 3)]! ^= 1 << (bit & 7)
      expect(recoverBytes(flipped, 'segment')!.batches).toHaveLength(3)
    }
  })
})

interface FailingDisk extends LogDisk {
  readonly calls: () => number
}

/** The call with this number fails, before or in the middle of what it does: of all writes, or of all syncs. */
function failingDisk(call: number, kind: 'append' | 'sync', error: () => Error): FailingDisk {
  let calls = 0
  const orFail = async (own: typeof kind, act: () => Promise<void>) => {
    if (kind === own && calls++ === call) throw error()
    await act()
  }
  return {
    ...unsynced,
    calls: () => calls,
    writeFile: (path, content) => orFail('append', () => unsynced.writeFile(path, content)),
    rename: (from, to) => orFail('append', () => unsynced.rename(from, to)),
    syncFile: (path) => orFail('sync', () => unsynced.syncFile(path)),
    syncFolder: (path) => orFail('sync', () => unsynced.syncFolder(path)),
    async openAppend(path, length): Promise<AppendFile> {
      const file = await unsynced.openAppend(path, length)
      return {
        async append(buffers) {
          if (kind === 'append' && calls++ === call) {
            const all = Buffer.concat(buffers)
            await file.append([all.subarray(0, all.length >> 1)])
            throw error()
          }
          await file.append(buffers)
        },
        async sync() {
          if (kind === 'sync' && calls++ === call) throw new SyncFailure('input/output error')
          await file.sync()
        },
        requireHeld: () => file.requireHeld(),
        close: () => file.close(),
      }
    },
  }
}

const failure = (code: string) => () => Object.assign(new Error(code), { code })

describe.each([
  ['append', 'EIO'],
  ['sync', 'EIO'],
] as const)('a failing %s', (kind, code) => {
  it('at call 1 to 100: nothing is acked from then on, and what was acked is there', async () => {
    for (let call = 0; call < 100; call++) {
      const dataDir = newPlace()
      const disk = failingDisk(call, kind, failure(code))
      const log = await open(dataDir, { disk, segmentBytes: 300 })
      const acked: string[] = []
      let failedAt = Number.POSITIVE_INFINITY
      for (let index = 0; index < 90; index++) {
        const text = `line ${index}\n`
        await log.append('web', batchOf(text, keyOf(`k${index}`, text))).then(
          () => {
            expect(index).toBeLessThan(failedAt)
            acked.push(text)
          },
          () => {
            failedAt = Math.min(failedAt, index)
          },
        )
      }
      expect(disk.calls()).toBeGreaterThan(call)
      expect(failedAt).toBeLessThan(90)
      expect(log.failure).toBeDefined()
      await log.close().catch(() => undefined)
      const held = await heldIn(dataDir)
      expect(held.startsWith(acked.join(''))).toBe(true)
      // At most the batch that was being written may be there unacked.
      expect(held.length - acked.join('').length).toBeLessThan(10)
      rmSync(dataDir, { recursive: true })
    }
  })
})

describe('a full disk', () => {
  it('at call 1 to 60: appends fail while it is full, go on when there is room, and nothing counts twice', async () => {
    for (let call = 1; call < 60; call++) {
      const dataDir = newPlace()
      const log = await open(dataDir, {
        disk: failingDisk(call, 'append', failure('ENOSPC')),
        segmentBytes: 300,
      })
      const acked: string[] = []
      for (let index = 0; index < 40; index++) {
        const text = `line ${index}\n`
        const isAcked = await log.append('web', batchOf(text)).then(
          () => true,
          () => false,
        )
        if (isAcked) acked.push(text)
      }
      expect(acked.length).toBeGreaterThanOrEqual(39)
      expect(log.failure).toBeUndefined()
      await log.close()
      expect(await heldIn(dataDir)).toBe(acked.join(''))
      rmSync(dataDir, { recursive: true })
    }
  })
})

interface Played {
  readonly disk: RecordingLogDisk
  /** How many lines were acked before an act. */
  readonly acked: readonly { readonly act: number; readonly lines: number }[]
  readonly text: string
}

/** Appends to a new log, in groups and with keys, over several segments. */
async function play(dataDir: string, skippedSync?: number): Promise<Played> {
  const disk = new RecordingLogDisk(dataDir, skippedSync)
  const log = await open(dataDir, { disk, segmentBytes: 2000 })
  const acked: { act: number; lines: number }[] = []
  let [text, lines] = ['', 0]
  for (let round = 0; round < 12; round++) {
    const texts = Array.from(
      { length: (round % 3) + 1 },
      (_, index) => `${round}.${index} ${'y'.repeat(round * 40)}\n`,
    )
    const keyed = (each: string, index: number) =>
      index === 0 ? batchOf(each, keyOf(`r${round}`, each)) : batchOf(each)
    await Promise.all(texts.map((each, index) => log.append('web', keyed(each, index))))
    text += texts.join('')
    lines += texts.length
    acked.push({ act: disk.acts.length, lines })
  }
  await log.close()
  return { disk, acked, text }
}

/** What is wrong with the state that is laid out; undefined when all that was acked is there. */
async function findFault({ acked, text }: Played, left: string, end: number): Promise<string | undefined> {
  const lines = acked.filter(({ act }) => act <= end).at(-1)?.lines ?? 0
  const owed = text.split('\n').slice(0, lines).join('\n')
  try {
    const held = await heldIn(left)
    if (!held.startsWith(owed))
      return `${lines} lines were acked, but it holds ${held.split('\n').length - 1}`
    if (!text.startsWith(held)) return 'it holds lines that were never appended'
    const log = await open(left, { disk: unsynced })
    try {
      const next = await log.append('web', batchOf('after\n'))
      if (next.firstOffset !== held.split('\n').length - 1) return 'offsets do not go on'
      for (const [round] of acked.filter(({ act }) => act <= end).entries()) {
        const first = `${round}.0 ${'y'.repeat(round * 40)}\n`
        const { isDuplicate } = await log.append('web', batchOf(first, keyOf(`r${round}`, first)))
        if (!isDuplicate) return `what was acked under key r${round} is taken again`
      }
      return undefined
    } finally {
      await log.close()
    }
  } catch (error) {
    return String(error)
  }
}

describe('a power cut', () => {
  it(
    `in ${CUTS} states of what was not synced (seed ${SEED}): what was acked is there`,
    async () => {
      const random = new Random(SEED)
      const played = await play(newPlace())
      const left = newPlace()
      for (let state = 0; state < CUTS; state++) {
        const end = random.int(0, played.disk.acts.length)
        played.disk.layOut(end, random, left)
        expect({ state, end, fault: await findFault(played, left, end) }).toEqual({
          state,
          end,
          fault: undefined,
        })
      }
    },
    60_000 + CUTS * 200,
  )

  it('needs every one of its syncs', async () => {
    const { disk } = await play(newPlace())
    const needless: number[] = []
    for (let skipped = 0; skipped < disk.syncs; skipped++)
      if (!(await isMissed(skipped))) needless.push(skipped)
    expect(needless).toEqual([])
  }, 900_000)
})

/** Looks first at cuts that come soon after it, which no later sync has made good. */
async function isMissed(skippedSync: number): Promise<boolean> {
  const played = await play(newPlace(), skippedSync)
  const left = newPlace()
  const random = new Random(SEED)
  for (let end = played.disk.skippedAt; end <= played.disk.acts.length; end++) {
    for (let attempt = 0; attempt < 12; attempt++) {
      played.disk.layOut(end, random, left)
      if ((await findFault(played, left, end)) !== undefined) return true
    }
  }
  return false
}
