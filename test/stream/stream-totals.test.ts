/** The embedded report takes a stream. */
import { shareOf } from '../turn.ts'
import { describeStreamTotals } from './stream-totals.contract.ts'

describeStreamTotals('duckdb', shareOf('stream totals', [1, 2, 3, 4], 2))
