/** Tables of the embedded report that another program dropped or changed: no answer lacks them, and a writer counts again. */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { batchOf } from '../contract/log.contract.ts'
import { defineText } from '../pipeline.ts'
import { StreamWorld } from './stream-world.ts'

const DEFINITION = `
sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { ms: integer } }
metrics:
  volume: { source: web, window: 1m, allowed_lateness: 0s, measures: { n: count(), took: quantiles(ms) } }
`
const MINUTE = 60_000

let world: StreamWorld
beforeEach(async () => {
  world = new StreamWorld(defineText(DEFINITION))
})
afterEach(() => world.close())

/** One line in each of three minutes, the last of which is not final. */
async function count(): Promise<void> {
  for (const [offset, minute] of [0, 1, 2].entries()) {
    const text = `${JSON.stringify({ ts: minute * MINUTE, ms: 7 })}\n`
    const bytes = Buffer.concat(batchOf(text).chunks)
    const clockMs = minute * MINUTE + 1000
    const batch = { firstOffset: offset, endOffset: offset + 1, observedMs: clockMs, bytes }
    await world.advance([batch], offset, clockMs)
  }
}

/** As any other program would. `@` is the first table whose name begins so. */
async function tamper(prefix: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(world.dataDir, 'report.duckdb'))
  const connection = await instance.connect()
  const names = `SELECT table_name FROM duckdb_tables() WHERE schema_name = 'millrace' ORDER BY 1`
  const rows = (await connection.runAndReadAll(names)).getRows()
  const table = rows.map(([name]) => String(name)).find((name) => name.startsWith(prefix))!
  await connection.run(sql.replace('@', `millrace."${table}"`))
  connection.closeSync()
  instance.closeSync()
}

const closeReport = async () => (await world.report()).close()

it.each([
  ['totals_', 'DELETE FROM @'],
  ['totals_', 'DELETE FROM @ WHERE window_start < make_timestamp_ms(60000)'],
  ['series_', 'TRUNCATE @'],
  ['sketch_', 'DROP TABLE @'],
  ['live_totals_', 'DELETE FROM @'],
])('notices and counts again what is lost in %s by %s', async (prefix, sql) => {
  await count()
  const before = await world.totals(await world.report())
  expect(before['volume']!.trim().split('\n')).toHaveLength(4)
  await closeReport()
  await tamper(prefix, sql)
  const reader = await openDuckdbReport(world.dataDir, 'read')
  const incomplete = {
    code: 'REPORT_INCOMPLETE',
    params: { what: expect.stringContaining(`millrace.${prefix}`) },
  }
  await expect(world.totals(reader)).rejects.toMatchObject(incomplete)
  await expect(reader.requireWhole()).rejects.toMatchObject(incomplete)
  await reader.close()
  const news: string[] = []
  const writer = await openDuckdbReport(world.dataDir, 'write', { onNews: (text) => news.push(text) })
  expect(news).toEqual([expect.stringContaining('volume is counted from its first line')])
  expect((await writer.streamState('web'))!.metrics).toMatchObject([{ startOffset: 0, endOffset: 0 }])
  await writer.close()
  await world.reopen()
  await count()
  expect(await world.totals(await world.report())).toEqual(before)
})

it('takes nothing for lost in a file that a process left when it died', async () => {
  await count()
  await closeReport()
  const reader = await openDuckdbReport(world.dataDir, 'read')
  await reader.requireWhole()
  await reader.close()
  await tamper('totals_', 'DELETE FROM millrace.stored_tables')
  await (await openDuckdbReport(world.dataDir, 'read')).close()
  const report = await world.reopen()
  expect((await report.streamState('web'))!.endOffset).toBe(3)
})
