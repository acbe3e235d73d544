/** Whether the file still has every table that it says it has: any client may drop one while no server runs. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { allTables } from '../../compile/report-tables.ts'
import type { MetricPlan } from '../../core/plan.ts'
import { tablesOf } from '../table-key.ts'
import { damagedError } from './open-report.ts'
import { readRows } from './read-rows.ts'
import { SCHEMA } from './report-tables.ts'

/** Errors: REPORT_DAMAGED. */
export async function requireTables(connection: DuckDBConnection, path: string): Promise<void> {
  const plans = await readRows(connection, `SELECT plan FROM ${SCHEMA}.metrics WHERE tenant = ''`)
  const names = await readRows(
    connection,
    `SELECT table_name FROM duckdb_tables() WHERE schema_name = '${SCHEMA}'`,
  )
  const there = new Set(names.map(([name]) => String(name)))
  const views = await readRows(connection, `SELECT sql FROM duckdb_views() WHERE NOT internal`)
  const texts = views.map(([sql]) => String(sql)).join('\n')
  for (const [text] of plans) {
    const plan = JSON.parse(String(text)) as MetricPlan
    const missing = tablesToHave(plan, texts).find((name) => !there.has(name))
    if (missing !== undefined)
      throw damagedError(path, `the table ${SCHEMA}.${missing} of metric ${plan.metric} is not there`)
  }
}

/** What a stream adds to is read by the view as soon as it exists. */
function tablesToHave(plan: MetricPlan, views: string): string[] {
  const tables = tablesOf(plan.metric, plan.version)
  const ordinary = allTables(plan, tables)
  const live = ordinary.filter((name) => name !== tables.series).map(tables.live)
  return [...ordinary, ...live.filter((name) => views.includes(name))]
}
