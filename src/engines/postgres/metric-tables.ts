/** The tables of one version of a metric in PostgreSQL. */
import { type TallyTypes, tallyTables } from '../../compile/live-tables.ts'
import type { MetricTables } from '../../compile/report-tables.ts'
import { isExact } from '../../compile/report-tables.ts'
import type { DimensionType, MetricPlan, Tally, TallyColumn } from '../../core/plan.ts'
import { quoteName, quoteText } from './postgres-names.ts'

/**
 * Columns of fixed width come first, so that no row has gaps. `window_start` has a BRIN index: rows stand nearly
 * in its order, so a few bytes a megabyte skip most of a table, and loading costs nothing for it.
 */
export function createTables(plan: MetricPlan, tables: MetricTables, schema: string): string[] {
  const statements = [createSeries(plan, tables.series, schema)]
  for (const tally of plan.tallies) {
    const name = tally.key ? tables.sketch(tally.id) : tables.totals
    const table = `${schema}.${quoteName(name)}`
    statements.push(
      createTally(tally, table),
      `CREATE INDEX IF NOT EXISTS ${quoteName(`${name}_windows`)} ON ${table} USING brin (window_start)`,
      comment(table, `${describe(tally)} of metric ${plan.metric}, version ${plan.version}`),
    )
  }
  return statements
}

/**
 * Live tables are small and change all the time, so space is given back early. They have no index, and like all
 * tables keep rows that older snapshots see: TRUNCATE would take those away.
 */
export function createLiveTables(plan: MetricPlan, tables: MetricTables, schema: string): string[] {
  return plan.tallies.flatMap((tally) => {
    const table = `${schema}.${quoteName(tallyTables(tables, tally).live)}`
    const text = `Partials of provisional windows that the stream adds: ${describe(tally)}`
    const storage = 'autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000'
    return [`${createTally(tally, table)} WITH (${storage})`, comment(table, text)]
  })
}

function createTally(tally: Tally, table: string): string {
  const columns = [
    'window_start timestamptz NOT NULL',
    'revision bigint NOT NULL',
    'series_id integer NOT NULL',
    ...(tally.key ? ['"key" integer NOT NULL'] : []),
    ...tally.columns.map((column) => `${column.column} ${columnType(column)}`),
    `tenant text COLLATE "C" NOT NULL DEFAULT ''`,
  ]
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`
}

function createSeries({ dimensions, metric, version }: MetricPlan, name: string, schema: string): string {
  const table = `${schema}.${quoteName(name)}`
  const columns = [
    'series_id integer NOT NULL UNIQUE',
    'series_key uuid NOT NULL UNIQUE',
    ...dimensions.map(({ type }, index) => `d${index} ${dimensionType(type)}`),
    `tenant text COLLATE "C" NOT NULL DEFAULT ''`,
  ]
  const text = `Combinations of dimension values of metric ${metric}, version ${version}: ${dimensions
    .map((dimension, index) => `d${index} is ${dimension.name}`)
    .join(', ')}`
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')}); ${comment(table, text)}`
}

/** The columns that lines of a staged tally fill, in their order. */
export function tallyColumns(tally: Tally): string {
  const key = tally.key ? ['"key"'] : []
  const columns = tally.columns.map(({ column }) => column)
  return ['window_start', 'revision', 'series_id', ...key, ...columns].join(', ')
}

/** Integers and decimals of any size are scaled integers. */
function dimensionType({ kind }: DimensionType): string {
  if (kind === 'string') return 'text COLLATE "C"'
  return kind === 'boolean' ? 'boolean' : 'numeric'
}

function columnType(column: TallyColumn): string {
  if (column.fn === 'count') return 'bigint'
  return isExact(column) ? 'numeric' : 'double precision'
}

/** Doubles are added in the order of their values, so that equal data gives equal sums whatever stands where. */
export function mergeColumn(column: TallyColumn): string {
  const order = column.fn === 'sum' && !isExact(column) ? ` ORDER BY ${column.column}` : ''
  return `${column.fn === 'count' ? 'sum' : column.fn}(${column.column}${order})`
}

/** For compile/live-tables.ts. */
export const TALLY_TYPES: TallyTypes = {
  typeOf: (_, column) => columnType(column),
  merge: mergeColumn,
}

function describe(tally: Tally): string {
  return tally.key ? `Sketch ${tally.id}` : 'Totals of each window and series (scaled integers)'
}

function comment(table: string, text: string): string {
  return `COMMENT ON TABLE ${table} IS ${quoteText(text)}`
}
