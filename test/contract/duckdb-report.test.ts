/** The embedded report keeps the contract. */
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { describeReport } from './report.contract.ts'
import { describeDigests } from './report-digest.contract.ts'
import { describeReportRename } from './report-rename.contract.ts'
import { describeReportStream } from './report-stream.contract.ts'

describeReport('duckdb', openDuckdbReport)
describeDigests('duckdb', openDuckdbReport)
describeReportRename('duckdb', openDuckdbReport)
describeReportStream('duckdb', openDuckdbReport)
