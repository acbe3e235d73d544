/** The statements of a source's job: Kafka is read once, each line parsed once, and all rows go to one topic. */
import { canonicalJson } from '../../core/canonical-json.ts'
import { MillraceError } from '../../core/error.ts'
import type { Expr } from '../../core/expr.ts'
import type { MetricPlan, SourcePlan, Tally } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { flinkDialect, whyNot } from './dialect.ts'
import { keyColumn, printRecords, type RecordsRequest, recordColumns, whyUnread } from './print-records.ts'
import {
  allSlots,
  FIRST_RECORD,
  LAST_RECORD,
  LEDGER,
  ledgerSlots,
  PASSED,
  SLOTS,
  slotsOf,
  tallyTag,
} from './row-layout.ts'

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

/** Errors: JOBS_CANNOT, for what Flink could not count exactly, or could not read at all. */
export function requireExact(plan: SourcePlan): void {
  const unread = whyUnread(plan)
  if (unread) throw new MillraceError('JOBS_CANNOT', { source: plan.source, what: 'its lines', why: unread })
  for (const metric of plan.metrics) {
    const why = expressionsOf(metric).map(whyNot).find(Boolean)
    if (why) throw new MillraceError('JOBS_CANNOT', { source: plan.source, what: metric.metric, why })
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
  const statements = printRows({ plan, latenessMs, chunkMs })
  return canonicalJson({
    statements,
    lateness,
    chunkMs,
    versions: plan.metrics.map(({ version }) => version),
  })
}

/** In this order. The last one starts the job. */
export function printJob(request: JobRequest): Statement[] {
  const { plan, id } = request
  const columns = ['t', 'p', 'c', 'g', 'n', ...allSlots(plan).map(({ name }) => name)]
  return [
    { title: 'lines', sql: printSource(request) },
    { title: 'rows', sql: printRows(request) },
    { title: 'topic', sql: printSink(request) },
    { title: 'job', sql: `INSERT INTO partials SELECT ${[quoteText(id), ...columns].join(', ')} FROM found` },
  ]
}

function printSource({ topic, positions, kafka }: JobRequest): string {
  const offsets = [...positions].map(([partition, record]) => `partition:${partition},offset:${record}`)
  const options = {
    ...{ connector: 'kafka', topic, 'value.format': 'raw' },
    'scan.startup.mode': 'specific-offsets',
    'scan.startup.specific-offsets': offsets.join(';'),
    'scan.topic-partition-discovery.interval': '5 s',
    ...properties(kafka),
    'properties.isolation.level': 'read_committed',
  }
  return `CREATE TEMPORARY TABLE topic (
  p INT METADATA FROM 'partition' VIRTUAL, r BIGINT METADATA FROM 'offset' VIRTUAL,
  observed TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL, line BYTES
) WITH (${printOptions(options)})`
}

/** A view `found` over `topic`, by one aggregate of all rows: each record becomes one for the ledger, one for each tally, or one that passes it on. */
export function printRows(request: RecordsRequest): string {
  const { plan, chunkMs } = request
  // Both parts are 64 bits wide.
  const observed = `EXTRACT(EPOCH FROM observed) * 1000 + EXTRACT(MILLISECOND FROM CAST(observed AS TIMESTAMP(3)))`
  const lines = `SELECT p, r, line, ${observed} AS observed_ms FROM topic`
  const slots = allSlots(plan)
  const rows = [ledgerRow(plan), passedRow(), ...tallyRows(plan)].map(({ t, g, values }) => ({
    ...{ t, g },
    ...Object.fromEntries(
      slots.map(({ name, kind }) => [name, values[name] ?? `CAST(NULL AS ${SLOTS[kind].type})`]),
    ),
  }))
  const sums = slots.map(({ name, kind }) => `CAST(${SLOTS[kind].sql(name)} AS STRING) AS ${name}`)
  const from = `${printRecords(request)}\nCROSS JOIN UNNEST(${arrayOfRows(rows)}) AS q(${Object.keys(rows[0]!).join(', ')})`
  const exploded = `SELECT p, observed_ms / ${chunkMs} AS c, q.* ${from}`
  return `CREATE TEMPORARY VIEW found AS
WITH lines AS (${lines}),
exploded AS (${exploded})
SELECT ${['t', 'p', 'c', 'g', 'COUNT(*) AS n', ...sums].join(', ')} FROM exploded WHERE t IS NOT NULL GROUP BY t, p, c, g`
}

function arrayOfRows(rows: readonly Readonly<Record<string, string>>[]): string {
  return `ARRAY[${rows.map((row) => `ROW(${Object.values(row).join(', ')})`).join(', ')}]`
}

interface RowOfRecord {
  /** Null where the record has no such row. */
  readonly t: string
  /** JSON of the window, the key and the dimensions, all as text. */
  readonly g: string
  /** By slot. */
  readonly values: Readonly<Record<string, string>>
}

/** How many records a chunk has, how many of them are ours, and how many rows of each tally tell of. */
function ledgerRow(plan: SourcePlan): RowOfRecord {
  const conditions = plan.metrics.flatMap(({ tallies }, place) =>
    tallies.map((tally) => hasRow(place, tally)),
  )
  const slots = ledgerSlots(plan)
  const counts = ['ours', ...conditions].map((condition, place) => [slots[place]!, oneWhere(condition)])
  const bounds = { [FIRST_RECORD]: 'r', [LAST_RECORD]: 'r' }
  return { t: quoteText(LEDGER), g: quoteText(''), values: { ...Object.fromEntries(counts), ...bounds } }
}

function passedRow(): RowOfRecord {
  return {
    t: `CASE WHEN NOT ours THEN ${quoteText(PASSED)} END`,
    ...{ g: 'CAST(r AS STRING)', values: {} },
  }
}

function tallyRows(plan: SourcePlan): RowOfRecord[] {
  return plan.metrics.flatMap(({ tallies }, place) => tallies.map((tally) => tallyRow(plan, place, tally)))
}

/** Whether a record has a row of the tally. */
function hasRow(place: number, { id, key }: Tally): string {
  return key ? `${keyColumn(place, id)} IS NOT NULL` : `ours AND m${place}`
}

function tallyRow(plan: SourcePlan, place: number, tally: Tally): RowOfRecord {
  const columns = recordColumns(plan)
  const print = (expr: Expr) => flinkDialect.printExpr(expr, columns)
  const group = [
    `w${place}`,
    tally.key ? keyColumn(place, tally.id) : `CAST(NULL AS BIGINT)`,
    ...plan.metrics[place]!.dimensions.map(({ expr }) => print(expr)),
  ]
  const texts = group.map((value) => `CAST(${value} AS STRING)`)
  const slots = slotsOf(tally)
  const values = tally.columns.flatMap(({ fn, expr }, index) => {
    const slot = slots[index]
    if (!slot || !expr) return []
    return [[slot, fn === 'count' ? oneWhere(`(${print(expr)}) IS NOT NULL`) : print(expr)]]
  })
  return {
    t: `CASE WHEN ${hasRow(place, tally)} THEN ${quoteText(tallyTag(place, tally.id))} END`,
    g: `JSON_ARRAY(${texts.join(', ')} NULL ON NULL)`,
    values: Object.fromEntries(values),
  }
}

function oneWhere(condition: string): string {
  return `CASE WHEN ${condition} THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END`
}

/** Values go as text, so that no number loses a digit on its way. */
function printSink({ plan, partialsTopic, kafka }: JobRequest): string {
  const slots = allSlots(plan).map(({ name }) => `${name} STRING`)
  const columns = ['e STRING', 't STRING', 'p INT', 'c BIGINT', 'g STRING', 'n BIGINT', ...slots]
  const options = {
    ...{ connector: 'upsert-kafka', topic: partialsTopic },
    ...{ 'key.format': 'json', 'value.format': 'json' },
    ...properties(kafka),
    'properties.linger.ms': '5',
  }
  return `CREATE TEMPORARY TABLE partials (
  ${columns.join(', ')}, PRIMARY KEY (e, t, p, c, g) NOT ENFORCED
) WITH (${printOptions(options)})`
}

function properties(kafka: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(kafka).map(([key, value]) => [`properties.${key}`, value]))
}

function printOptions(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${quoteText(key)} = ${quoteText(value)}`)
    .join(', ')
}
