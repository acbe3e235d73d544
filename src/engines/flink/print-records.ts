/**
 * The SQL by which records of a topic become records of our plan, each line parsed once, in stages of subqueries. The
 * planner would melt them into one and evaluate twice what is named twice; it leaves a stage alone that has a column which
 * is not the same each time it is evaluated, and which the next one names twice.
 */

import { type RecordColumns, TallyPrinter } from '../../compile/print-tally.ts'
import { timeFaults } from '../../compile/time-limits.ts'
import { constantLateness } from '../../core/lateness.ts'
import type { SourcePlan } from '../../core/plan.ts'
import { flinkDialect } from './dialect.ts'
import { lineStages, type Stage } from './line-stages.ts'
import { isFindable } from './plain-json.ts'
import { plainTime } from './plain-values.ts'
import { layOut } from './row-layout.ts'

/** Of a record; every stage keeps it. */
const POSITION = ['p', 'r', 'observed_ms']

/** Why no line of the source can be read here; undefined when lines can. */
export function whyUnread({ format, time, fields }: SourcePlan): string | undefined {
  if (format.kind !== 'json') return `lines of the format ${format.kind}`
  const odd = [time, ...fields].find(({ path }) => path.length > 1 || !isFindable(path[0]!))
  if (odd) return `the path of ${'name' in odd ? odd.name : odd.field}`
  return plainTime(time, 'x') ? undefined : `times of the layout ${time.layout.kind}`
}

export function recordColumns({ fields }: SourcePlan): RecordColumns {
  const places = new Map(fields.map(({ name }, place) => [name, place]))
  return {
    field: (name) => `f${places.get(name)}`,
    // A line with a bad field is passed on.
    error: () => 'FALSE',
    ...{ reason: 'reason', eventMs: 'event_ms', observedMs: 'observed_ms', offset: 'r' },
  }
}

export interface RecordsRequest {
  readonly plan: SourcePlan
  readonly latenessMs: ReadonlyMap<string, number>
  readonly chunkMs: number
}

/**
 * A FROM clause over `lines` (`p`, `r`, `observed_ms`, bytes `line`), with the columns `ours`, and where that is true
 * `f<i>`, `event_ms`, for each set of rows `w<i>`, its window, and for each metric with a condition `m<i>`, whether it
 * counts; then those of `last`. The name of its seal must be named by what reads it.
 */
export function printRecords(
  request: RecordsRequest,
  last: readonly Stage[],
): { from: string; seal: string } {
  const { plan } = request
  const values = ['event_ms', ...plan.fields.map((_, place) => `f${place}`)]
  const stages = [...lineStages(plan), { keeps: values, columns: verdicts(request) }, ...last]
  return { from: `FROM ${stages.reduce(addStage, 'lines')}`, seal: `seal${stages.length - 1}` }
}

function addStage(from: string, { keeps, columns }: Stage, place: number): string {
  const before = `seal${place - 1}`
  const seal = place === 0 ? 'RAND()' : `CASE WHEN ${before} < 2 THEN ${before} ELSE RAND() END`
  const made = Object.entries({ ...columns, [`seal${place}`]: seal }).map(
    ([name, sql]) => `${sql} AS ${name}`,
  )
  return `(\nSELECT ${[...POSITION, ...keeps, ...made].join(', ')} FROM ${from})`
}

/** A line is ours when it is plain, its time within limits, and it is neither rejected nor late for any metric. */
function verdicts({ plan, latenessMs, chunkMs }: RecordsRequest): Record<string, string> {
  // The order may observe a record later than its stamp says, but in its chunk: what would be late then is passed on.
  const observedMs = `(observed_ms / ${chunkMs} * ${chunkMs} + ${chunkMs - 1})`
  const columns = { ...recordColumns(plan), observedMs }
  const printers = plan.metrics.map((metric) => new TallyPrinter(flinkDialect, metric, columns))
  const lateness = constantLateness(latenessMs)
  const faults = printers.flatMap((printer, place) => {
    const { rejected, late } = printer.conditions({
      range: {},
      lateness: lateness.get(plan.metrics[place]!.metric),
    })
    return [rejected, late].filter((one) => one !== 'FALSE')
  })
  const isOurs = [
    'is_plain AND event_ms IS NOT NULL',
    ...timeFaults(plan, { latestMs: observedMs }).map(({ when }) => `NOT (${when})`),
    ...[...new Set(faults)].map((fault) => `NOT COALESCE(${fault}, FALSE)`),
  ]
  const windows = layOut(plan).sets.map(({ metrics }, place): [string, string] => [
    `w${place}`,
    printers[metrics[0]!]!.windowStart,
  ])
  const conditions = plan.metrics.flatMap(({ where }, place): [string, string][] =>
    where ? [[`m${place}`, printers[place]!.conditions({ range: {} }).counted]] : [],
  )
  return {
    ours: `COALESCE(${isOurs.join(' AND ')}, FALSE)`,
    ...Object.fromEntries([...windows, ...conditions]),
  }
}
