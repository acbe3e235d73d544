/** The PostgreSQL report takes a stream: its totals are those of an embedded batch run, bit for bit. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { stagedTextReader as text } from '../../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../../src/engines/postgres/report.ts'
import { describeStreamTotals } from '../stream/stream-totals.contract.ts'
import { OwnPostgres } from './own-postgres.ts'

let server: OwnPostgres
beforeAll(async () => {
  server = await OwnPostgres.start()
})
afterAll(() => server?.stop())

const open = (folder: string, mode: 'read' | 'write') => {
  const schema = `t_${createHash('md5').update(folder).digest('hex').slice(0, 12)}`
  return openPostgresReport({ url: server.url, schema }, mode, { text })
}

describeStreamTotals('postgres', [5, 6], open)
