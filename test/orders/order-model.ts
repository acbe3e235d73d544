/** What any order of operations must end in, by counting alone: no windows, no blocks, no clocks. */

export const METRICS = ['kept', 'left'] as const
export type MetricName = (typeof METRICS)[number]

export const OPERATIONS = [
  'serve',
  'post',
  'stop',
  'ingest',
  'batch',
  'backfill',
  'put the older report back',
  'leave a metric out or take it back',
  'change the allowed lateness',
] as const
export type Operation = (typeof OPERATIONS)[number]

/** Each appends so many lines, some of them late. */
export const LINES = 3

/** Which lines a metric has in its totals. */
export interface Held {
  /** Its history below is counted when somebody asks for it, and in windows that it began in before that. */
  readonly from: number
  readonly end: number
}

/** What a report knows. */
export interface ModelReport {
  /** Of its source; undefined while it knows nothing of it. */
  readonly end: number | undefined
  readonly metrics: Readonly<Partial<Record<MetricName, Held>>>
}

export interface Model {
  readonly isServing: boolean
  readonly lines: number
  /** Of them, those that the archive has. */
  readonly archived: number
  /** Of the definition. */
  readonly metrics: readonly MetricName[]
  readonly isPatient: boolean
  readonly report: ModelReport
  /** As it was when the server stopped or a batch ended for the first time. */
  readonly older: ModelReport | undefined
}

export const NOTHING: ModelReport = { end: undefined, metrics: {} }

export const BEGINNING: Model = {
  ...{ isServing: false, lines: 0, archived: 0, metrics: METRICS, isPatient: false },
  ...{ report: NOTHING, older: undefined },
}

/** Of what makes sense at all: a server that runs is not started, and keeps its definition and its report. */
export function isPossible({ isServing, older }: Model, operation: Operation): boolean {
  if (operation === 'batch' || operation === 'backfill') return true
  if (operation === 'post' || operation === 'stop') return isServing
  return !isServing && (operation !== 'put the older report back' || older !== undefined)
}

/** The code of the error by which it is refused, which changes nothing. */
export function refusal(model: Model, operation: Operation): string | undefined {
  const { lines, archived } = model
  if (operation === 'ingest' && lines > archived) return 'INGEST_LOG_AHEAD'
  if ((operation === 'batch' || operation === 'backfill') && lines === 0) return 'BATCH_NOTHING_INGESTED'
  return undefined
}

/** Of an operation that is possible and not refused. */
export function after(model: Model, operation: Operation): Model {
  switch (operation) {
    case 'serve':
      return streamed({ ...model, isServing: true })
    case 'post':
      return streamed({ ...model, lines: model.lines + LINES })
    case 'stop':
      return withOlder({ ...model, isServing: false })
    case 'ingest':
      return { ...model, lines: model.lines + LINES, archived: model.lines + LINES }
    case 'batch':
      return withOlder(counted(model, model.metrics))
    case 'backfill':
      return withOlder(counted(model, ['kept']))
    case 'put the older report back':
      return { ...model, report: model.older! }
    case 'leave a metric out or take it back':
      return { ...model, metrics: model.metrics.includes('left') ? ['kept'] : METRICS }
    case 'change the allowed lateness':
      return { ...model, isPatient: !model.isPatient }
  }
}

/** Metrics that the report has go on where they stand, and new ones begin where the source stands. */
function streamed(model: Model): Model {
  const { report, lines } = model
  if (lines === 0) return model
  const added = model.metrics.map((metric) => {
    const from = report.metrics[metric]?.from ?? report.end ?? 0
    return [metric, { from, end: lines }]
  })
  const metrics = { ...report.metrics, ...Object.fromEntries(added) }
  return { ...model, report: { end: lines, metrics } }
}

/** All lines that there are, be it with a server or without one. */
function counted(model: Model, names: readonly MetricName[]): Model {
  const { lines } = model
  const added = names.map((metric) => [metric, { from: 0, end: lines }])
  const metrics = { ...model.report.metrics, ...Object.fromEntries(added) }
  return { ...model, archived: lines, report: { end: lines, metrics } }
}

function withOlder(model: Model): Model {
  const { older, report } = model
  return older === undefined && report.end !== undefined ? { ...model, older: report } : model
}
