/** The statements of a source's job: Kafka is read once, each line parsed once, and all rows go to one topic. */
import { canonicalJson } from '../../core/canonical-json.ts'
import { MillraceError } from '../../core/error.ts'
import type { MetricPlan, SourcePlan, Tally } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { flinkDialect, whyNot } from './dialect.ts'
import { printRecords, type RecordsRequest, recordColumns, whyUnread } from './print-records.ts'
import { LEDGER, PASSED, tallyTag } from './row-tags.ts'

export interface JobRequest extends RecordsRequest {
  /** Of the deployment: rows of another one are never mixed with its own. */
  readonly id: string
  readonly topic: string
  readonly partialsTopic: string
  /** By partition: the first record to read. */
  readonly positions: ReadonlyMap<number, number>
  /** Options of Kafka's client, `bootstrap.servers` among them. */
  readonly kafka: Readonly<Record<string, string>>
}

const quoteText = (text: string) => flinkDialect.quoteText(text)

/** Errors: FLINK_CANNOT, for what Flink could not count exactly, or could not read at all. */
export function requireExact(plan: SourcePlan): void {
  const unread = whyUnread(plan)
  if (unread) throw new MillraceError('FLINK_CANNOT', { what: `source ${plan.source}`, why: unread })
  for (const metric of plan.metrics) {
    const why = expressionsOf(metric).map(whyNot).find(Boolean)
    if (why) throw new MillraceError('FLINK_CANNOT', { what: `metric ${metric.metric}`, why })
  }
}

function expressionsOf({ where, dimensions, tallies }: MetricPlan) {
  const columns = tallies.flatMap((tally) => tally.columns.flatMap(({ expr }) => expr ?? []))
  const keys = tallies.flatMap(({ key }) => key ?? [])
  return [...(where ? [where] : []), ...dimensions.map(({ expr }) => expr), ...keys, ...columns]
}

/** What decides the rows besides where the job begins: a job of another meaning must not go on from its state. */
export function meaningOf({ plan, latenessMs, chunkMs }: RecordsRequest): string {
  const lateness = plan.metrics.map(({ metric }) => latenessMs.get(metric) ?? 0)
  const statements = printViews({ plan, latenessMs, chunkMs })
  return canonicalJson({
    statements,
    lateness,
    chunkMs,
    versions: plan.metrics.map(({ version }) => version),
  })
}

/** In this order. The last one starts the job. */
export function printJob(request: JobRequest): Statement[] {
  const { plan } = request
  const sinks = sinksOf(plan)
  const inserts = sinks.map(({ name, query }) => `INSERT INTO ${name} ${query(request.id)};`)
  return [
    { title: `lines of ${plan.source}`, sql: printSource(request) },
    { title: 'records', sql: printViews(request) },
    ...sinks.map(({ name, columns, key }) => ({
      title: `rows: ${name}`,
      sql: printSink(request, name, columns, key),
    })),
    { title: 'job', sql: `EXECUTE STATEMENT SET BEGIN\n${inserts.join('\n')}\nEND` },
  ]
}

function printSource({ topic, positions, kafka }: JobRequest): string {
  const offsets = [...positions].map(([partition, record]) => `partition:${partition},offset:${record}`)
  const options = {
    ...{ connector: 'kafka', topic, 'value.format': 'raw' },
    'scan.startup.mode': 'specific-offsets',
    'scan.startup.specific-offsets': offsets.join(';'),
    'scan.topic-partition-discovery.interval': '5 s',
    'properties.isolation.level': 'read_committed',
    ...properties(kafka),
  }
  return `CREATE TEMPORARY TABLE topic (
  p INT METADATA FROM 'partition' VIRTUAL, r BIGINT METADATA FROM 'offset' VIRTUAL,
  observed TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL, line BYTES
) WITH (${printOptions(options)})`
}

function printViews(request: RecordsRequest): string {
  // The cast gives the milliseconds of the second; both parts are 64 bits wide.
  const observed = `EXTRACT(EPOCH FROM observed) * 1000 + EXTRACT(MILLISECOND FROM CAST(observed AS TIMESTAMP(3)))`
  const lines = `SELECT p, r, line, ${observed} AS observed_ms FROM topic`
  return `CREATE TEMPORARY VIEW records AS WITH lines AS (${lines})\n${printRecords(request)}`
}

function printSink(
  { partialsTopic, kafka }: JobRequest,
  name: string,
  columns: Readonly<Record<string, string>>,
  key: readonly string[],
): string {
  const list = Object.entries(columns).map(([column, type]) => `${column} ${type}`)
  const options = {
    ...{ connector: 'upsert-kafka', topic: partialsTopic },
    ...{ 'key.format': 'json', 'value.format': 'json' },
    ...properties(kafka),
    'properties.linger.ms': '5',
  }
  return `CREATE TEMPORARY TABLE ${name} (
  ${list.join(', ')}, PRIMARY KEY (${key.join(', ')}) NOT ENFORCED
) WITH (${printOptions(options)})`
}

interface Sink {
  readonly name: string
  readonly columns: Readonly<Record<string, string>>
  readonly key: readonly string[]
  query(id: string): string
}

const HEAD = { e: 'STRING', t: 'STRING', p: 'INT', c: 'BIGINT' } as const

function sinksOf(plan: SourcePlan): Sink[] {
  const tallies = plan.metrics.flatMap((metric, place) =>
    metric.tallies.map((tally) => tallySink(plan, place, tally)),
  )
  return [ledgerSink(plan), passedSink(), ...tallies]
}

/** How many records a chunk has, how many of them are ours, and how many rows of each tally tell of. */
function ledgerSink(plan: SourcePlan): Sink {
  const columns = recordColumns(plan)
  const isKeyed = ({ key }: Tally) => `(${flinkDialect.printExpr(key!, columns)}) IS NOT NULL`
  const counts = plan.metrics.flatMap(({ tallies }, place) =>
    tallies.map((tally) => countWhere(`ours AND m${place}${tally.key ? ` AND ${isKeyed(tally)}` : ''}`)),
  )
  const names = counts.map((_, place) => `s${place}`)
  return {
    name: 'ledger',
    columns: {
      ...HEAD,
      n: 'BIGINT',
      o: 'BIGINT',
      ...Object.fromEntries(names.map((name) => [name, 'BIGINT'])),
    },
    key: Object.keys(HEAD),
    query: (id) =>
      `SELECT ${[...head(id, LEDGER), 'COUNT(*)', countWhere('ours'), ...counts].join(', ')} FROM records GROUP BY p, c`,
  }
}

function passedSink(): Sink {
  return {
    name: 'passed',
    columns: { ...HEAD, r: 'BIGINT' },
    key: [...Object.keys(HEAD), 'r'],
    query: (id) => `SELECT ${[...head(id, PASSED), 'r'].join(', ')} FROM records WHERE NOT ours`,
  }
}

/** Values go as text, so that no number loses a digit on its way; null dimensions are told from texts. */
function tallySink(plan: SourcePlan, place: number, tally: Tally): Sink {
  const { dimensions } = plan.metrics[place]!
  const columns = recordColumns(plan)
  const print = (expr: Parameters<typeof flinkDialect.printExpr>[0]) => flinkDialect.printExpr(expr, columns)
  const dims = dimensions.map(({ expr }, index) => {
    const value = print(expr)
    return `CASE WHEN ${value} IS NULL THEN 'n' ELSE 'v' || CAST(${value} AS STRING) END AS d${index}`
  })
  const values = tally.columns.map(({ expr, column }) => `${expr ? print(expr) : '1'} AS a_${column}`)
  const keyed = tally.key ? [`CAST(${print(tally.key)} AS BIGINT) AS k`] : []
  const names = [...dims.keys()].map((index) => `d${index}`)
  const groups = ['p', 'c', 'w', ...names, ...(tally.key ? ['k'] : [])]
  const inner = `SELECT ${['p', 'c', `w${place} AS w`, ...dims, ...keyed, ...values].join(', ')} FROM records WHERE ours AND m${place}`
  const sums = tally.columns.map(({ fn, expr, column }) => {
    const value = `a_${column}`
    if (!expr) return 'CAST(COUNT(*) AS STRING)'
    const isExact = fn === 'sum' && expr.type.kind !== 'float'
    return `CAST(${isExact ? flinkDialect.exactSum(value) : `${fn.toUpperCase()}(${value})`} AS STRING)`
  })
  const where = tally.key ? ' WHERE k IS NOT NULL' : ''
  return {
    name: `tally_${place}_${tally.id}`,
    columns: {
      ...HEAD,
      w: 'BIGINT',
      ...Object.fromEntries(names.map((name) => [name, 'STRING'])),
      ...(tally.key && { k: 'BIGINT' }),
      n: 'BIGINT',
      ...Object.fromEntries(sums.map((_, index) => [`v${index}`, 'STRING'])),
    },
    key: [...Object.keys(HEAD), ...groups.slice(2)],
    query: (id) => {
      const columns = [...head(id, tallyTag(place, tally.id)), ...groups.slice(2), 'COUNT(*)', ...sums]
      return `SELECT ${columns.join(', ')} FROM (${inner})${where} GROUP BY ${groups.join(', ')}`
    },
  }
}

function head(id: string, tag: string): string[] {
  return [quoteText(id), quoteText(tag), 'p', 'c']
}

function countWhere(condition: string): string {
  return `SUM(CASE WHEN ${condition} THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END)`
}

function properties(kafka: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(kafka).map(([key, value]) => [`properties.${key}`, value]))
}

function printOptions(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${quoteText(key)} = ${quoteText(value)}`)
    .join(', ')
}
