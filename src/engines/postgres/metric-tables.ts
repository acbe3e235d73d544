/** The tables of one version of a metric in PostgreSQL. */
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
    const columns = [
      'window_start timestamptz NOT NULL',
      'revision bigint NOT NULL',
      'series_id integer NOT NULL',
      ...(tally.key ? ['"key" integer NOT NULL'] : []),
      ...tally.columns.map((column) => `${column.column} ${columnType(column)}`),
      `tenant text COLLATE "C" NOT NULL DEFAULT ''`,
    ]
    statements.push(
      `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`,
      `CREATE INDEX IF NOT EXISTS ${quoteName(`${name}_windows`)} ON ${table} USING brin (window_start)`,
      comment(table, `${describe(tally)} of metric ${plan.metric}, version ${plan.version}`),
    )
  }
  return statements
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

function describe(tally: Tally): string {
  return tally.key ? `Sketch ${tally.id}` : 'Totals of each window and series (scaled integers)'
}

function comment(table: string, text: string): string {
  return `COMMENT ON TABLE ${table} IS ${quoteText(text)}`
}
