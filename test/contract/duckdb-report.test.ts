/** The embedded report keeps the contract. */
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { describeReport } from './report.contract.ts'

describeReport('duckdb', openDuckdbReport)
