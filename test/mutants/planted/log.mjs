/** Faults of the log on files, its clock and its keys. */
const SOURCE_LOG = 'src/engines/files/log/source-log.ts'
const FORMAT = 'src/engines/files/log/batch-format.ts'
const RECOVER_SOURCE = 'src/engines/files/log/recover-source.ts'
const RECOVER_SEGMENT = 'src/engines/files/log/recover-segment.ts'
const KEYS = 'src/log/key-index.ts'
const CLOCK = 'src/core/observed-clock.ts'
const DISK = 'src/log/log-disk.ts'

const CRASH = ['test/crash/log-crash.test.ts', 'src/engines/files/log/source-log.test.ts']
const LOG = ['src/engines/files/log', 'test/contract/log.test.ts']

export default [
  {
    fault: 'a batch is acked before its group is synced',
    ...{
      file: SOURCE_LOG,
      from: '      await this.#file.sync()\n      this.#publish(',
      to: '      this.#publish(',
    },
    tests: CRASH,
  },
  {
    fault: 'the log syncs no bytes: its file is never given to datasync',
    ...{ file: DISK, from: 'await this.#file.datasync().catch(', to: 'await Promise.resolve().catch(' },
    tests: ['src/log', ...LOG],
  },
  {
    fault: 'a failed sync of the log is tried again',
    ...{
      file: SOURCE_LOG,
      from: 'if (error instanceof SyncFailure) return false',
      to: 'if (error instanceof SyncFailure) return true',
    },
    tests: CRASH,
  },
  {
    fault: 'a write that failed half way is not cut before the next one',
    ...{
      file: SOURCE_LOG,
      from: 'if (isFull(error)) this.#isCut = true',
      to: 'if (isFull(error)) this.#isCut = false',
    },
    tests: CRASH,
  },
  {
    fault: 'a second batch of a key does not wait for the first',
    ...{ file: SOURCE_LOG, from: '    if (underway) {', to: '    if (underway && false) {' },
    tests: LOG,
  },
  {
    fault: 'a new segment begins without the keys of the older ones',
    ...{
      file: SOURCE_LOG,
      from: '    await replaceFiles(disk, folder, [KEYS], printKeys(this.#keys, endOffset))\n',
      to: '',
    },
    tests: LOG,
  },
  {
    fault: 'the log gives up the segment that holds the next line',
    ...{
      file: SOURCE_LOG,
      from: 'this.#segments[0]!.endOffset <= offset',
      to: 'this.#segments[0]!.firstOffset <= offset',
    },
    tests: LOG,
  },
  {
    fault: 'reading below what is held gives nothing, not an error',
    ...{
      file: SOURCE_LOG,
      from: '    if (fromOffset < held) throw',
      to: '    if (fromOffset < held) return []\n    if (fromOffset < held) throw',
    },
    tests: LOG,
  },
  {
    fault: 'a clock is promised beyond lines that are not durable',
    ...{
      file: SOURCE_LOG,
      from: 'clockMs: this.#groupMs ?? this.#clock.look()',
      to: 'clockMs: this.#clock.look()',
    },
    tests: LOG,
  },
  {
    fault: 'the checksum of a batch leaves out its lines',
    ...{
      file: FORMAT,
      from: '  for (const chunk of chunks) crc = crc32c(chunk, 0, chunk.length, crc)\n',
      to: '',
    },
    tests: LOG,
  },
  {
    fault: 'a batch whose checksum is wrong is read',
    ...{
      file: FORMAT,
      from: '  if (bytes.readInt32LE(at + 8) !== crc32c(bytes, at + 12, at + totalBytes, seed)) return undefined\n',
      to: '',
    },
    tests: CRASH,
  },
  {
    fault: 'damage in the middle of a segment is cut off as a torn tail',
    ...{ file: RECOVER_SEGMENT, from: 'if (batch && batch.groupStart > position) return true', to: '' },
    tests: CRASH,
  },
  {
    fault: 'a hole between two batches of a segment is not seen',
    ...{
      file: RECOVER_SEGMENT,
      from: 'if (!batch || batch.firstOffset !== next) return batches',
      to: 'if (!batch) return batches',
    },
    tests: [...CRASH, ...LOG],
  },
  {
    fault: 'a cut tail is not synced before the next write',
    ...{
      file: RECOVER_SOURCE,
      from: '  await file.sync()\n  const { lastObservedMs: floorMs }',
      to: '  const { lastObservedMs: floorMs }',
    },
    tests: CRASH,
  },
  {
    fault: 'keys of batches in the last segment are forgotten at a restart',
    ...{
      file: RECOVER_SOURCE,
      from: '    if (!idempotency) continue\n',
      to: '    if (idempotency) continue\n',
    },
    tests: LOG,
  },
  {
    fault: 'a new segment whose name is not synced',
    ...{
      file: RECOVER_SOURCE,
      from: '    await file.sync()\n    await disk.syncFolder(folder)\n',
      to: '    await file.sync()\n',
    },
    tests: CRASH,
  },
  {
    fault: 'a key counts forever, not for 24 hours',
    ...{
      file: KEYS,
      from: 'if (!entry || nowMs - entry.observedMs > KEY_HORIZON_MS) return undefined',
      to: 'if (!entry) return undefined',
    },
    tests: ['src/log', ...LOG],
  },
  {
    fault: 'keys are never forgotten, however many there are',
    ...{
      file: KEYS,
      from: 'this.#entries.size <= MOST_KEYS',
      to: 'this.#entries.size <= Number.POSITIVE_INFINITY',
    },
    tests: ['src/log', ...LOG],
  },
  {
    fault: 'the same key with other bytes is taken for a repeat',
    ...{
      file: KEYS,
      from: 'if (entry.digest !== hexOf(digest)) throw',
      to: 'if (entry.digest === undefined) throw',
    },
    tests: LOG,
  },
  {
    fault: 'keys of different clients are one key',
    ...{ file: KEYS, from: 'return JSON.stringify([scope, key])', to: 'return JSON.stringify([key])' },
    tests: LOG,
  },
  {
    fault: 'the observed clock runs backwards',
    ...{ file: CLOCK, from: 'this.#lastMs = Math.max(this.#lastMs, wallMs)', to: 'this.#lastMs = wallMs' },
    tests: ['test/stream/clock-jumps.test.ts', ...LOG],
  },
  {
    fault: 'a wall clock far behind the last stamp is believed',
    ...{
      file: CLOCK,
      from: 'if (this.#lastMs - wallMs > CLOCK_LIMIT_MS)',
      to: 'if (this.#lastMs - wallMs > Number.POSITIVE_INFINITY)',
    },
    tests: ['src/core/observed-clock.test.ts', 'test/stream/wrong-clock.test.ts'],
  },
  {
    fault: 'a clock that jumps ahead by years while the log is open is believed',
    ...{
      file: CLOCK,
      from: 'if (aheadMs > CLOCK_LIMIT_MS)',
      to: 'if (aheadMs > Number.POSITIVE_INFINITY)',
    },
    tests: ['src/core/observed-clock.test.ts', 'test/stream/clock-jumps.test.ts', ...LOG],
  },
  {
    fault: 'a source that rested for years goes on without a word',
    ...{
      file: CLOCK,
      from: 'wallMs - restedMs > REST_LIMIT_MS',
      to: 'wallMs - restedMs > Number.POSITIVE_INFINITY',
    },
    tests: ['src/core/observed-clock.test.ts', 'test/stream/wrong-clock.test.ts'],
  },
]
