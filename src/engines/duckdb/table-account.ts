/** The account of how many rows each table has, by which a reader notices what another program took away. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { allTables } from '../../compile/report-tables.ts'
import type { MetricPlan } from '../../core/plan.ts'
import { tablesOf } from '../table-key.ts'
import { duckdbDialect } from './dialect.ts'
import { readRows } from './read-rows.ts'
import { qualify, SCHEMA } from './report-tables.ts'

export interface LostTable {
  readonly metric: string
  readonly version: string
  readonly table: string
  readonly how: 'dropped' | 'changed'
}

const ACCOUNT = `${SCHEMA}.stored_tables`

/** Whoever has the file open for writing has it alone, so that it is enough to count when that ends. */
export async function writeAccount(connection: DuckDBConnection): Promise<void> {
  await dropAccount(connection)
  const there = await namesThere(connection)
  const tables = (await tablesOfAll(connection)).filter(({ table }) => there.has(table))
  if (tables.length === 0) return
  const counted = tables.map(({ metric, version, table }) => {
    const values = [metric, version, table].map((text) => duckdbDialect.quoteText(text)).join(', ')
    return `SELECT '', ${values}, count(*) FROM ${qualify(table)}`
  })
  await connection.run(`INSERT INTO ${ACCOUNT} ${counted.join(' UNION ALL ')}`)
}

/** What a process that dies leaves is not known by its number of rows. */
export async function dropAccount(connection: DuckDBConnection): Promise<void> {
  await connection.run(`DELETE FROM ${ACCOUNT}`)
}

/** Tables that are not there, or have another number of rows than when they were counted. */
export async function findLost(connection: DuckDBConnection): Promise<LostTable[]> {
  const stored = await readRows(connection, `SELECT metric, version, table_name, row_count FROM ${ACCOUNT}`)
  const there = await namesThere(connection)
  const must = new Map((await mustBeThere(connection)).map((one) => [one.table, one]))
  for (const [metric, version, table] of stored)
    must.set(String(table), { metric: String(metric), version: String(version), table: String(table) })
  const lost = [...must.values()].flatMap((one): LostTable[] =>
    there.has(one.table) ? [] : [{ ...one, how: 'dropped' }],
  )
  const counted = stored.filter(([, , table]) => there.has(String(table)))
  if (counted.length === 0) return lost
  const asks = counted.map(([, , table, count]) => {
    const name = duckdbDialect.quoteText(String(table))
    return `SELECT ${name} FROM (SELECT count(*) AS n FROM ${qualify(String(table))}) WHERE n <> ${count}`
  })
  for (const [table] of await readRows(connection, asks.join(' UNION ALL ')))
    lost.push({ ...must.get(String(table))!, how: 'changed' })
  return lost
}

export function describeLost(lost: readonly LostTable[]): string {
  const words = { dropped: 'is not there', changed: 'has other rows than it was left with' }
  return lost
    .map(({ metric, table, how }) => `${SCHEMA}.${table} of metric ${metric} ${words[how]}`)
    .join(', ')
}

type OwnedTable = Omit<LostTable, 'how'>

async function namesThere(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const sql = `SELECT table_name FROM duckdb_tables() WHERE schema_name = '${SCHEMA}'`
  return new Set((await readRows(connection, sql)).map(([name]) => String(name)))
}

/** What a stream adds to is read by the view as soon as it exists. */
async function mustBeThere(connection: DuckDBConnection): Promise<OwnedTable[]> {
  const views = await readRows(connection, `SELECT sql FROM duckdb_views() WHERE NOT internal`)
  const texts = views.map(([sql]) => String(sql)).join('\n')
  return (await tablesOfAll(connection)).filter(({ table, isLive }) => !isLive || texts.includes(table))
}

async function tablesOfAll(
  connection: DuckDBConnection,
): Promise<(OwnedTable & { readonly isLive: boolean })[]> {
  const plans = await readRows(connection, `SELECT plan FROM ${SCHEMA}.metrics WHERE tenant = ''`)
  return plans.flatMap(([text]) => {
    const plan = JSON.parse(String(text)) as MetricPlan
    const { metric, version } = plan
    const names = tablesOf(metric, version)
    const ordinary = allTables(plan, names)
    const live = ordinary.filter((name) => name !== names.series).map(names.live)
    const own = (table: string, isLive: boolean) => ({ metric, version, table, isLive })
    return [...ordinary.map((table) => own(table, false)), ...live.map((table) => own(table, true))]
  })
}
