/** The columns of a staged partial file, with the exact types that ports/batch-engine.ts promises. */
import type { TallyPrinter } from '../../compile/print-tally.ts'
import type { MetricPlan, Tally, TallyColumn } from '../../core/plan.ts'

export function stagedColumns(plan: MetricPlan, tally: Tally, printer: TallyPrinter): string[] {
  const dimensions = plan.dimensions.map(({ type }, index) => {
    return type.kind === 'string' || type.kind === 'boolean'
      ? `d${index}`
      : `CAST(d${index} AS DECIMAL(38, 0)) AS d${index}`
  })
  return [
    'CAST(window_ms AS BIGINT) AS window_ms',
    `${printer.seriesKey()} AS series_key`,
    ...dimensions,
    ...(tally.key ? ['CAST("key" AS BIGINT) AS "key"'] : []),
    ...tally.columns.map((column) => `CAST(${column.column} AS ${columnType(column)}) AS ${column.column}`),
  ]
}

/** HUGEINT would leave Parquet as DOUBLE; DECIMAL(38, 0) keeps every digit and fails the run beyond 38. */
function columnType({ fn, expr }: TallyColumn): string {
  if (fn === 'count') return 'BIGINT'
  return expr?.type.kind === 'float' ? 'DOUBLE' : 'DECIMAL(38, 0)'
}
