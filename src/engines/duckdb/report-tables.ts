/** How this database writes the tables of a report: names, column types, views, sketches. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { WideMath } from '../../compile/print-sketch.ts'
import { printViewSelect } from '../../compile/print-view.ts'
import type { StateSource, StateTarget } from '../../compile/state-source.ts'
import type { DimensionType, MetricPlan, Tally } from '../../core/plan.ts'
import { tablesOf } from '../table-key.ts'
import { duckdbDialect } from './dialect.ts'
import { readRows, runBound } from './read-rows.ts'
import { timestampOf } from './window-range.ts'

/** Millrace's own tables stand in a schema apart, so that any metric may have any name. */
export const SCHEMA = 'millrace'

export const HUGE: WideMath = { type: 'HUGEINT', quotient: (a, b) => `(${a} // ${b})` }

/**
 * Exact values that may need 38 digits are BIGINT as long as all fit: DuckDB sums a BIGINT some ten times as
 * fast as a DECIMAL(38,0), and still into 128 bits.
 */
export const WIDE = 'DECIMAL(38,0)'

export function qualify(name: string): string {
  return `${SCHEMA}.${duckdbDialect.quoteName(name)}`
}

/** Integers and decimals of any size are scaled integers. */
export function dimensionColumnType({ kind }: DimensionType): string {
  if (kind === 'string') return 'VARCHAR'
  return kind === 'boolean' ? 'BOOLEAN' : 'HUGEINT'
}

/** CREATE OR REPLACE VIEW, named as the metric; `rowsOf` is given where rows stand in more than one table. */
export function printView(plan: MetricPlan, rowsOf?: (tally: Tally) => string): string {
  const quoteName = (name: string) => duckdbDialect.quoteName(name)
  const tables = tablesOf(plan.metric, plan.version)
  const select = printViewSelect(plan, {
    ...{ tables, wide: HUGE, quoteName, qualify },
    ...(rowsOf && { rowsOf }),
  })
  return `CREATE OR REPLACE VIEW main.${quoteName(plan.metric)} AS ${select}`
}

/** True once a stream has added to the version. */
export async function hasLiveTables(
  connection: DuckDBConnection,
  { metric, version }: Pick<MetricPlan, 'metric' | 'version'>,
): Promise<boolean> {
  const tables = tablesOf(metric, version)
  const name = duckdbDialect.quoteText(tables.live(tables.totals))
  const sql = `SELECT 1 FROM duckdb_tables() WHERE schema_name = '${SCHEMA}' AND table_name = ${name}`
  return (await readRows(connection, sql)).length > 0
}

/** For compile/state-source.ts. */
export function targetOf(connection: DuckDBConnection): StateTarget {
  return {
    ...stateOf(connection),
    run: (sql, values) => runBound(connection, sql, values),
    instant: timestampOf,
  }
}

export function stateOf(connection: DuckDBConnection): StateSource {
  return {
    read: (sql, values) => readRows(connection, sql, values),
    schema: SCHEMA,
    epochMs: (column) => `epoch_ms(${column})`,
  }
}
