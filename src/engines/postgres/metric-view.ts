/** The view of a metric, made anew only when its text changes, so that rights and readers are left alone. */
import { createHash } from 'node:crypto'
import { printViewSelect, type ViewSql, viewColumns } from '../../compile/print-view.ts'
import type { MetricPlan } from '../../core/plan.ts'
import { tablesOf } from '../table-key.ts'
import { NUMERIC } from './numeric-math.ts'
import { codeOf } from './postgres-failure.ts'
import { type PostgresNames, quoteName, quoteText, shorten } from './postgres-names.ts'
import { allRows, hasLiveTables } from './report-sql.ts'
import type { Transaction } from './session.ts'

const OTHER_COLUMNS = '42P16'

/** Errors: REPORT_VIEW_IN_USE, when its columns change and a user's own view reads it. */
export async function replaceView(
  transaction: Transaction,
  names: PostgresNames,
  plan: MetricPlan,
): Promise<void> {
  const view = viewSql(plan, names, await hasLiveTables(transaction, names, plan))
  const select = printViewSelect(plan, view)
  const name = shorten(plan.metric)
  const checksum = checksumOf(select)
  const held = await transaction.rows(
    `SELECT 1 FROM ${names.schema}.views WHERE tenant = '' AND metric = $1 AND view_name = $2 AND checksum = $3
      AND to_regclass($4) IS NOT NULL`,
    [plan.metric, name, checksum, `${names.views}.${quoteName(name)}`],
  )
  if (held.length > 0) return
  await createView(transaction, `${names.views}.${quoteName(name)}`, select)
  for (const statement of comments(plan, view, names)) await transaction.run(statement)
  await transaction.run(
    `INSERT INTO ${names.schema}.views (metric, view_name, checksum) VALUES ($1, $2, $3)
      ON CONFLICT (tenant, metric) DO UPDATE SET view_name = EXCLUDED.view_name, checksum = EXCLUDED.checksum`,
    [plan.metric, name, checksum],
  )
}

/** True when the view of the version was made before a stream added to it. */
export async function showsFinalOnly(
  transaction: Transaction,
  names: PostgresNames,
  plan: MetricPlan,
): Promise<boolean> {
  const checksum = checksumOf(printViewSelect(plan, viewSql(plan, names, false)))
  const sql = `SELECT 1 FROM ${names.schema}.views WHERE tenant = '' AND metric = $1 AND checksum = $2`
  return (await transaction.rows(sql, [plan.metric, checksum])).length > 0
}

function checksumOf(select: string): string {
  return createHash('sha256').update(select).digest('hex')
}

/** Replacing keeps rights and what others built upon it; other columns need a new view. */
async function createView(transaction: Transaction, view: string, select: string): Promise<void> {
  await transaction.run('SAVEPOINT before_view')
  try {
    await transaction.run(`CREATE OR REPLACE VIEW ${view} AS ${select}`)
  } catch (error) {
    if (codeOf(error) !== OTHER_COLUMNS) throw error
    await transaction.run('ROLLBACK TO SAVEPOINT before_view')
    await transaction.run(`DROP VIEW ${view}`)
    await transaction.run(`CREATE VIEW ${view} AS ${select}`)
  }
}

function viewSql(plan: MetricPlan, names: PostgresNames, isLive: boolean): ViewSql {
  const { schema } = names
  return {
    ...(isLive && { rowsOf: (tally) => allRows(names, plan, tally) }),
    tables: tablesOf(plan.metric, plan.version),
    wide: NUMERIC,
    quoteName,
    qualify: (name) => `${schema}.${quoteName(name)}`,
  }
}

function comments(plan: MetricPlan, view: ViewSql, names: PostgresNames): string[] {
  const name = `${names.views}.${quoteName(plan.metric)}`
  const units = new Map(plan.measures.map(({ measure }) => [measure.name, measure.unit]))
  const text = `Metric ${plan.metric} of source ${plan.source}, one row for each window and series, version ${plan.version}`
  const columns = viewColumns(plan, view).flatMap((column) => {
    const unit = units.get(column.name)
    const place = `${name}.${quoteName(column.name)}`
    return unit === undefined ? [] : [`COMMENT ON COLUMN ${place} IS ${quoteText(`in ${unit} (UCUM)`)}`]
  })
  return [`COMMENT ON VIEW ${name} IS ${quoteText(text)}`, ...columns]
}
