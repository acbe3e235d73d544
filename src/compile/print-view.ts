/** The view of a metric: its totals at window resolution as plain numbers, for any client of the database. */

import { MAX_REGISTERS } from '../core/distinct-registers.ts'
import type { RatioExpr } from '../core/expr.ts'
import { fitsInt64 } from '../core/fits-int64.ts'
import type { MeasureSource, MetricPlan, PlanDimension, Tally } from '../core/plan.ts'
import { DEFAULT_RANKS, parseRank } from '../core/quantile-rank.ts'
import { printEstimateParts, printRanks, type WideMath } from './print-sketch.ts'
import type { MetricTables } from './report-tables.ts'

/** What a database prints in its own way. */
export interface ViewSql {
  readonly tables: MetricTables
  readonly wide: WideMath
  quoteName(name: string): string
  /** A table or function of millrace's own, ready for SQL. */
  qualify(name: string): string
  /** The rows of a tally, where they do not stand in one table: a relation with that table's columns. */
  rowsOf?(tally: Tally): string
}

export interface ViewColumn {
  readonly name: string
  readonly sql: string
}

const RANKS = DEFAULT_RANKS.map((text) => parseRank(text)!)

/** The SELECT behind the view. Columns have the names of dimensions, measures and ratios. */
export function printViewSelect(plan: MetricPlan, view: ViewSql): string {
  const list = viewColumns(plan, view).map(({ name, sql }) => `${sql} AS ${view.quoteName(name)}`)
  const { tables, qualify } = view
  const series = `JOIN ${qualify(tables.series)} s USING (tenant, series_id)`
  const sketches = plan.measures.flatMap((_, index) => sketchJoin(plan, index, view))
  const base = plan.tallies.find((tally) => !tally.key)!
  const from = [`${view.rowsOf?.(base) ?? qualify(tables.totals)} t`, series, ...sketches].join('\n')
  return `SELECT\n  ${list.join(',\n  ')}\nFROM ${from}\nWHERE t.tenant = ''`
}

export function viewColumns(plan: MetricPlan, view: ViewSql): ViewColumn[] {
  const measures = plan.measures.map((source, index) => ({
    source,
    columns: measureColumns(source, index, view),
  }))
  return [
    { name: 'window_start', sql: 't.window_start' },
    { name: 'window_end', sql: `t.window_start + INTERVAL '${plan.windowMs} milliseconds'` },
    ...plan.dimensions.map(dimensionColumn),
    ...measures.flatMap(({ columns }) => columns),
    ...ratioColumns(plan, measures),
  ]
}

function dimensionColumn({ name, type, expr }: PlanDimension, index: number): ViewColumn {
  const column = `s.d${index}`
  if (type.kind === 'string' || type.kind === 'boolean') return { name, sql: column }
  const scale = type.kind === 'decimal' ? type.scale : 0
  return {
    name,
    sql: scale === 0 && fitsInt64(expr) ? `CAST(${column} AS BIGINT)` : decimal(column, scale),
  }
}

/** Exact: a product of decimals keeps every digit, where a division would give a double. */
function decimal(sql: string, scale: number): string {
  const whole = `CAST(${sql} AS DECIMAL(38,0))`
  return scale === 0 ? whole : `${whole} * CAST('1e-${scale}' AS DECIMAL(${scale + 1},${scale}))`
}

function measureColumns(source: MeasureSource, index: number, { qualify }: ViewSql): ViewColumn[] {
  const { aggregate, registers = MAX_REGISTERS } = source.measure.call
  const { name } = source.measure
  const [first, second] = source.columns.map((column) => `t.${column}`)
  switch (aggregate) {
    case 'count':
      return [{ name, sql: `CAST(${first} AS BIGINT)` }]
    case 'sum':
      return [{ name, sql: `coalesce(${number(first!, source)}, 0)` }]
    case 'min':
    case 'max':
      return [{ name, sql: number(first!, source) }]
    case 'mean':
      return [
        { name, sql: `CAST(${first} AS DOUBLE PRECISION) / ${10 ** source.scale} / nullif(${second}, 0)` },
      ]
    case 'quantiles':
      return RANKS.map(({ suffix }, rank) => ({
        name: `${name}_${suffix}`,
        sql: decimal(`${qualify('bucket_midpoint')}(k${index}.r${rank})`, source.scale),
      }))
    case 'distinct': {
      const parts = `${registers}, k${index}.rank_sum / pow(2, 53), k${index}.filled`
      return [{ name, sql: `coalesce(${qualify('distinct_estimate')}(${parts}), 0)` }]
    }
  }
}

function number(sql: string, { float, scale }: MeasureSource): string {
  return float ? sql : decimal(sql, scale)
}

function sketchJoin(plan: MetricPlan, index: number, { qualify, tables, wide, rowsOf }: ViewSql): string[] {
  const source = plan.measures[index]!
  const { aggregate } = source.measure.call
  if (aggregate !== 'quantiles' && aggregate !== 'distinct') return []
  const column = source.columns[0]!
  const groups = ['tenant', 'window_start', 'series_id']
  const tally = plan.tallies.find(({ id }) => id === source.tally)!
  const table = rowsOf ? `${rowsOf(tally)} AS all_rows` : qualify(tables.sketch(tally.id))
  const rows = `SELECT ${groups.join(', ')}, "key", ${column} AS n FROM ${table}`
  const finished =
    aggregate === 'distinct' ? printEstimateParts(rows, groups) : printRanks(rows, groups, RANKS, wide)
  return [`LEFT JOIN (${finished}) k${index} USING (${groups.join(', ')})`]
}

/** Ratios may use earlier ratios, so each is written out in terms of measures. */
function ratioColumns(
  plan: MetricPlan,
  measures: readonly { source: MeasureSource; columns: readonly ViewColumn[] }[],
): ViewColumn[] {
  const known = new Map(measures.map(({ source, columns }) => [source.measure.name, columns[0]!.sql]))
  return plan.ratios.map(({ name, expr }) => {
    const sql = printRatio(expr, known)
    known.set(name, sql)
    return { name, sql }
  })
}

function printRatio(expr: RatioExpr, known: ReadonlyMap<string, string>): string {
  if (expr.node === 'number') return `CAST('${expr.value}' AS DOUBLE PRECISION)`
  if (expr.node === 'measure') return `CAST(${known.get(expr.name)} AS DOUBLE PRECISION)`
  const left = printRatio(expr.left, known)
  const right = printRatio(expr.right, known)
  return expr.operator === '/' ? `(${left} / nullif(${right}, 0))` : `(${left} ${expr.operator} ${right})`
}
