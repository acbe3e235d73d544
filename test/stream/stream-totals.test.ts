/** The embedded report takes a stream. */
import { describeStreamTotals } from './stream-totals.contract.ts'

describeStreamTotals('duckdb', [1, 2, 3, 4])
