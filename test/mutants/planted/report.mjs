/** Faults of publishing, advancing, merging and reading totals. */
const ADVANCE = 'src/compile/advance-stream.ts'
const PUBLISH = 'src/compile/publish-run.ts'
const NOTES = 'src/core/late-ranges.ts'
const LEDGER = 'src/core/check-ledger.ts'
const FINAL = 'src/core/final-windows.ts'
const RANGES = 'src/core/metric-ranges.ts'
const LIVE = 'src/compile/live-tables.ts'

/** Quick ones first, since a run ends at the first failure. */
const STREAM = [
  ...['test/stream/noted-windows.test.ts', 'test/stream/run-stream.test.ts', 'test/peers/late-data.test.ts'],
  ...[
    'test/contract/duckdb-report.test.ts',
    'test/stream/arrangements.test.ts',
    'test/query/verify-totals.test.ts',
  ],
]
const REPORT = ['test/contract/duckdb-report.test.ts']

export default [
  {
    fault: 'an advance that does not go on where the report stands is taken',
    ...{
      file: ADVANCE,
      from: 'offsets.find((offset) => offset !== given)',
      to: 'offsets.find((offset) => offset < 0)',
    },
    tests: REPORT,
  },
  {
    fault: 'an advance of another log is taken',
    ...{
      file: ADVANCE,
      from: 'const isLog = incarnation === givenLog ||',
      to: "const isLog = incarnation !== '' ||",
    },
    tests: REPORT,
  },
  {
    fault: 'late lines wait for nobody',
    ...{ file: ADVANCE, from: 'const notes = [...late, ...dropped]', to: 'const notes = [...dropped]' },
    tests: STREAM,
  },
  {
    fault: 'lines for a window that a batch published are not noted',
    ...{ file: ADVANCE, from: 'const notes = [...late, ...dropped]', to: 'const notes = [...late]' },
    tests: STREAM,
  },
  {
    fault: 'a stream adds to windows that a batch published',
    ...{
      file: ADVANCE,
      from: 'runsOf(windows, isTaken, plan.windowMs)',
      to: '[]',
    },
    tests: STREAM,
  },
  {
    fault: 'the ledger need not balance',
    ...{
      file: LEDGER,
      from: 'export function checkLedger(',
      to: 'export function checkLedger(..._: unknown[]) {}\nexport function checkLedgerNot(',
    },
    tests: [...REPORT, 'src/core', 'test/query/verify-totals.test.ts'],
  },
  {
    fault: 'a window is final before its allowed lateness is over',
    ...{
      file: FINAL,
      from: 'windowStart(clockMs - latenessMs, windowMs)',
      to: 'windowStart(clockMs, windowMs)',
    },
    tests: STREAM,
  },
  {
    fault: 'a window is final one window early',
    ...{
      file: FINAL,
      from: 'windowStart(clockMs - latenessMs, windowMs)',
      to: 'windowStart(clockMs - latenessMs, windowMs) + windowMs',
    },
    tests: STREAM,
  },
  {
    fault: 'both ends of a range hold a window',
    ...{ file: RANGES, from: 'windowMs < toMs)', to: 'windowMs <= toMs)' },
    tests: [...STREAM, 'test/query', 'test/peers/edges-and-ranges.test.ts'],
  },
  {
    fault: 'a batch takes over windows that are the stream’s',
    ...{ file: PUBLISH, from: 'if (toMs !== undefined && toMs <= final) return', to: 'return' },
    tests: STREAM,
  },
  {
    fault: 'a batch leaves the live partials of the windows that it publishes',
    ...{ file: PUBLISH, from: '    await this.#store.clearLive(plan, range)\n', to: '' },
    tests: STREAM,
  },
  {
    fault: 'what the engine counted is not compared with what was stored',
    ...{ file: PUBLISH, from: '    checkStored(source, staged, loaded.records)\n', to: '' },
    tests: REPORT,
  },
  {
    fault: 'a new version of which only a range exists takes the place of the whole one',
    ...{
      file: PUBLISH,
      from: 'if (isAlone || coverage.some(isWholeRange))',
      to: 'if (isAlone || coverage.length > 0)',
    },
    tests: [...REPORT, 'test/contract/duckdb-report-file.test.ts'],
  },
  {
    fault: 'notes of late lines beyond the cut are taken away',
    ...{ file: NOTES, from: 'if (endOffset > cut || end <= fromMs', to: 'if (end <= fromMs' },
    tests: ['src/core', ...STREAM],
  },
  {
    fault: 'windows outside the range that was counted wait no more',
    ...{
      file: NOTES,
      from: '|| end <= fromMs || start >= toMs) return [note]',
      to: ') return [note]\n  if (end <= fromMs || start >= toMs) return []',
    },
    tests: ['src/core', ...STREAM],
  },
  {
    fault: 'windows that wait are joined where the gap is widest',
    ...{ file: NOTES, from: '.sort((a, b) => b.ms - a.ms)', to: '.sort((a, b) => a.ms - b.ms)' },
    tests: ['src/core'],
  },
  {
    fault: 'live partials are read instead of merged with the ordinary rows',
    ...{ file: LIVE, from: "all.join(' UNION ALL ')", to: 'all.at(-1)' },
    tests: STREAM,
  },
]
