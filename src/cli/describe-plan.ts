/** A plan as text for people. */
import type { Source } from '../core/definition.ts'
import { formatDuration } from '../core/duration.ts'
import type { MeasureSource, MetricPlan, SourcePlan, Tally } from '../core/plan.ts'
import { printExpr } from '../expression/print-expr.ts'

/** What is read, what is kept of it, and which tallies it becomes. */
export function describePlan(source: SourcePlan, plan: MetricPlan): string {
  const { time } = source
  const print = (expr: Parameters<typeof printExpr>[0]) => printExpr(expr, time.field)
  return [
    `metric     ${plan.metric}, version ${plan.version}`,
    `source     ${source.source}, format ${source.format.kind}`,
    `time       ${time.field}, layout ${time.layout.kind}, zone ${time.zone}`,
    `window     ${formatDuration(plan.windowMs)}`,
    ...(plan.where ? [`where      ${print(plan.where)}`] : []),
    ...section(
      'fields',
      source.fields.map((field) => `${field.name}: ${typeText(field.type)}`),
    ),
    ...section(
      'dimensions',
      plan.dimensions.map(({ name, type, expr }) => `${name} (${typeText(type)}) = ${print(expr)}`),
    ),
    ...section(
      'measures',
      plan.measures.map((measure) => describeMeasure(measure, print)),
    ),
    ...section(
      'ratios',
      plan.ratios.map(({ name }) => name),
    ),
    ...section(
      'tallies',
      plan.tallies.map((tally) => describeTally(tally, print)),
    ),
    '',
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? title : '').padEnd(10)} ${line}`)
}

function typeText(type: Source['fields'][number]['type']): string {
  return type.kind === 'decimal' ? `decimal(${type.scale})` : type.kind
}

type Print = (expr: Parameters<typeof printExpr>[0]) => string

function describeMeasure({ measure, tally, columns }: MeasureSource, print: Print): string {
  const { aggregate, argument } = measure.call
  const call = `${aggregate}(${argument ? print(argument) : ''})`
  return `${measure.name} = ${call}, from ${columns.map((column) => `${tally}.${column}`).join(', ')}`
}

function describeTally({ id, key, columns }: Tally, print: Print): string {
  const groups = key ? `window, dimensions, ${print(key)}` : 'window, dimensions'
  const sums = columns.map(({ column, fn, expr }) => `${column} = ${fn}(${expr ? print(expr) : ''})`)
  return `${id} by ${groups}: ${sums.join(', ')}`
}
