/** What a source's lines become, cell by cell, in the SQL of any dialect: for comparing engines. */
import { buildPlans } from '../../src/compile/build-plan.ts'
import type { EngineDialect } from '../../src/compile/format/parse-dialect.ts'
import { TallyPrinter } from '../../src/compile/print-tally.ts'
import { recordColumns } from '../../src/compile/record-columns.ts'
import type { Expr } from '../../src/core/expr.ts'
import type { SourcePlan, Tally } from '../../src/core/plan.ts'
import { defineText, sha256 } from '../pipeline.ts'

export interface Probe {
  readonly name: string
  readonly plan: SourcePlan
  readonly lines: readonly Buffer[]
  /** Also compares the partials of all metrics. */
  readonly withPartials?: boolean
  /** The plan has one tally: also compares its partials where Spark groups lines at once. */
  readonly withGroups?: boolean
}

/** A cell's SQL, and how its text is to be read. */
interface Cell {
  readonly label: string
  readonly sql: string
  readonly isFloat: boolean
}

/** The plan of a definition that is given as data. */
export function planData(definition: object): SourcePlan {
  return buildPlans(defineText(JSON.stringify(definition)), sha256)[0]!
}

/** Cells of every line: reason, time, fields, and every expression of the metrics. */
export function recordCells(plan: SourcePlan, dialect: EngineDialect): Cell[] {
  const exprs = new Map<string, Expr>()
  for (const metric of plan.metrics) {
    const tallies = metric.tallies.flatMap(({ key, columns }) => [key, ...columns.map(({ expr }) => expr)])
    const all = [metric.where, ...metric.dimensions.map(({ expr }) => expr), ...tallies]
    for (const expr of all) if (expr) exprs.set(JSON.stringify(expr), expr)
  }
  const columns = recordColumns(plan)
  const fields = plan.fields.map(({ name, type }, index) => ({
    label: name,
    sql: `CASE WHEN e${index} THEN '!' ELSE CAST(f${index} AS ${dialect.textType}) END`,
    isFloat: type.kind === 'float',
  }))
  const usesBad = (expr: Expr) =>
    plan.fields.filter(({ name }) => JSON.stringify(expr).includes(`"name":${JSON.stringify(name)}`))
  const values = [...exprs.values()].map((expr) => {
    const bad = usesBad(expr).map(({ name }) => columns.error(name))
    const isRead = ['reason IS NULL', ...bad.map((error) => `NOT ${error}`)].join(' AND ')
    const value = `CAST(${dialect.printExpr(expr, columns)} AS ${dialect.textType})`
    return {
      label: JSON.stringify(expr),
      sql: `CASE WHEN ${isRead} THEN ${value} END`,
      isFloat: expr.type.kind === 'float',
    }
  })
  return [
    { label: 'reason', sql: 'reason', isFloat: false },
    { label: 'event_ms', sql: `CAST(event_ms AS ${dialect.textType})`, isFloat: false },
    ...fields,
    ...values,
  ]
}

/** A query whose rows are the offset and the hexadecimal bytes of all cells, `~` for null. `parsed` is a table. */
export function recordQuery(plan: SourcePlan, dialect: EngineDialect, parsed: string): string {
  const cells = recordCells(plan, dialect).map(({ sql }) => shown(sql))
  return `SELECT "offset", ${joined(cells)} AS cells FROM ${parsed}`
}

/** One query per tally of a metric: the partials' cells, in any order. */
export function partialQueries(plan: SourcePlan, dialect: EngineDialect, parsed: string): string[] {
  return plan.metrics.flatMap((metric) =>
    metric.tallies.map((tally) => {
      const printer = new TallyPrinter(dialect, metric, recordColumns(plan))
      return partialQuery(dialect, printer, tally, printer.partials(tally, parsed, { range: {} }))
    }),
  )
}

/** The cells of what the query `partials` gives. */
export function partialQuery(
  dialect: EngineDialect,
  printer: TallyPrinter,
  tally: Tally,
  partials: string,
): string {
  const names = [...printer.groupNames(tally), ...tally.columns.map(({ column }) => column)]
  const cells = names.map((name) => shown(`CAST(${name} AS ${dialect.textType})`))
  return `SELECT 0 AS "offset", ${joined(cells)} AS cells FROM (${partials}) AS partials`
}

function shown(text: string): string {
  return `coalesce(hex(${text}), '~')`
}

function joined(cells: readonly string[]): string {
  return `concat('', ${cells.join(`, '|', `)})`
}
