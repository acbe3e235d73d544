/** Faults of reading lines from archive and log, of repaired clocks, of keys on disk and of the limits of event times. */
const LINES = 'src/run/source-lines.ts'
const PLACE = 'src/run/place-stream.ts'
const REPAIR = 'src/core/clock-repair.ts'
const OBSERVED = 'src/compile/observed-lines.ts'
const KEYS = 'src/engines/files/log/keys-file.ts'
const LIMITS = 'src/compile/time-limits.ts'

const STREAM = ['src/run', 'test/stream/run-stream.test.ts', 'test/peers/restarts.test.ts']
const CLOCK = [
  ...['src/core/clock-repair.test.ts', 'src/compile/observed-lines.test.ts'],
  'test/stream/wrong-clock.test.ts',
]
const LIMIT_TESTS = ['test/conformance/conformance.test.ts']

export default [
  {
    fault: 'a stream whose lines the log gave up stands still',
    ...{ file: LINES, from: "error.code === 'LOG_TRIMMED'", to: "error.code === 'LOG_DAMAGED'" },
    tests: STREAM,
  },
  {
    fault: 'a stream that reads the archive skips the rest of a block',
    ...{
      file: LINES,
      from: 'Math.min(found.endOffset, fromOffset + most, endOffset)',
      to: 'Math.max(found.endOffset, endOffset)',
    },
    tests: STREAM,
  },
  {
    fault: 'a batch of the log is read beyond the offset that is asked for',
    ...{ file: LINES, from: 'last.endOffset <= endOffset ? kept :', to: 'last.endOffset > 0 ? kept :' },
    tests: STREAM,
  },
  {
    fault: 'the block before the one that holds the offset is read',
    ...{
      file: LINES,
      from: 'block.firstOffset <= offset && offset < block.endOffset',
      to: 'block.firstOffset <= offset && offset <= block.endOffset',
    },
    tests: STREAM,
  },
  {
    fault: 'a report that is ahead of its lines goes on',
    ...{ file: PLACE, from: 'if (counted > end.endOffset)', to: 'if (counted < 0)' },
    tests: STREAM,
  },
  {
    fault: 'a report of another archive goes on',
    ...{ file: PLACE, from: 'archive !== end.archive.incarnation)', to: "end.archive.incarnation === '')" },
    tests: STREAM,
  },
  {
    fault: 'a repair of a clock reaches one line too far',
    ...{
      file: REPAIR,
      from: 'one.fromOffset <= offset && offset < one.endOffset',
      to: 'one.fromOffset <= offset && offset <= one.endOffset',
    },
    tests: CLOCK,
  },
  {
    fault: 'a second repair of a clock forgets the first',
    ...{ file: REPAIR, from: 'shiftMs: first.shiftMs + second.shiftMs', to: 'shiftMs: second.shiftMs' },
    tests: CLOCK,
  },
  {
    fault: 'engines read stamps that a repair has replaced',
    ...{
      file: OBSERVED,
      from: 'if (clockRepairs.length === 0) return',
      to: 'if (clockRepairs.length >= 0) return',
    },
    tests: CLOCK,
  },
  {
    fault: 'engines read lines below the offset that is asked for',
    ...{
      file: OBSERVED,
      from: '...(fromOffset === undefined ? [] : [`"offset" >= ${fromOffset}`]),',
      to: '',
    },
    tests: [...CLOCK, ...STREAM],
  },
  {
    fault: 'a damaged file of keys is believed',
    ...{ file: KEYS, from: 'if (head.crc32c !== checksum(lines))', to: "if (head.crc32c === '')" },
    tests: ['src/engines/files/log'],
  },
  {
    fault: 'a file of keys that is older than the segments is believed',
    ...{ file: KEYS, from: 'if (!(head.end >= firstOffset))', to: 'if (!(head.end >= 0))' },
    tests: ['src/engines/files/log'],
  },
  {
    fault: 'a missing file of keys is taken for no keys',
    ...{ file: KEYS, from: "bytes.code === 'ENOENT' && !hasKeys)", to: "bytes.code === 'ENOENT')" },
    tests: ['src/engines/files/log'],
  },
  {
    fault: 'zero times of the year 1 count',
    ...{ file: LIMITS, from: 'event_ms < ${FIRST_EVENT_MS}', to: 'event_ms < -99999999999999' },
    tests: LIMIT_TESTS,
  },
  {
    fault: 'times beyond the year 9000 count',
    ...{ file: LIMITS, from: 'event_ms >= ${END_EVENT_MS}', to: 'event_ms >= 999999999999999' },
    tests: LIMIT_TESTS,
  },
  {
    fault: 'a record that is exactly as old as allowed is rejected',
    ...{
      file: LIMITS,
      from: 'event_ms < ${latestMs} - ${allowedAgeMs}',
      to: 'event_ms <= ${latestMs} - ${allowedAgeMs}',
    },
    tests: [...LIMIT_TESTS, 'test/golden/golden.test.ts'],
  },
]
