/** The statements of a source's job: Kafka is read once, each line parsed once, and all rows go to one topic. */
import { canonicalJson } from '../../core/canonical-json.ts'
import { MillraceError } from '../../core/error.ts'
import type { Expr } from '../../core/expr.ts'
import type { MetricPlan, SourcePlan, Tally } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { flinkDialect, whyNot } from './dialect.ts'
import { printRecords, type RecordsRequest, recordColumns, whyUnread } from './print-records.ts'
import {
  BLOCK_RECORDS,
  groupColumns,
  layOut,
  NULL_DIMENSION,
  PASSED,
  type RowLayout,
  rowColumns,
  SLOTS,
  UNCOUNTED,
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
  const columns = rowColumns(layOut(plan))
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

/** A view `found` over `topic`, by one aggregate of all rows. Each record has one row of the first set, and one of each other that it counts in. */
export function printRows(request: RecordsRequest): string {
  const { plan, chunkMs } = request
  const layout = layOut(plan)
  // Both parts are 64 bits wide.
  const observed = `EXTRACT(EPOCH FROM observed) * 1000 + EXTRACT(MILLISECOND FROM CAST(observed AS TIMESTAMP(3)))`
  const lines = `SELECT p, r, line, ${observed} AS observed_ms FROM topic`
  const place = `p, observed_ms / ${chunkMs} AS c, r / ${BLOCK_RECORDS} AS b`
  const keys = groupColumns(layout).join(', ')
  const sums = layout.slots.map(({ name, kind }) => `CAST(${SLOTS[kind].sql(name)} AS STRING) AS ${name}`)
  return `CREATE TEMPORARY VIEW found AS
WITH lines AS (${lines})
SELECT ${[keys, 'COUNT(*) AS n', ...sums].join(', ')} FROM (SELECT ${place}, ${printRowsOfRecords(request, layout)}) WHERE t IS NOT NULL GROUP BY ${keys}`
}

/** One row needs no list of rows, which costs as much as to read the line. */
function printRowsOfRecords(request: RecordsRequest, layout: RowLayout): string {
  const rows = layout.sets.map((_, number) => rowOfSet(request.plan, layout, number))
  const names = Object.keys(rows[0]!).join(', ')
  if (rows.length === 1) {
    const { from, seal } = printRecords(request, [{ keeps: [], columns: rows[0]! }])
    return `${names} ${from} WHERE ${seal} < 2`
  }
  const list = rows.map((row) => `ROW(${Object.values(row).join(', ')})`).join(', ')
  return `q.* ${printRecords(request, []).from}\nCROSS JOIN UNNEST(ARRAY[${list}]) AS q(${names})`
}

/** Its tag is null where the record has no row of the set. */
function rowOfSet(plan: SourcePlan, layout: RowLayout, number: number): Record<string, string> {
  const { metric, tag } = layout.sets[number]!
  const isIn = hasRow(plan, layout, number)
  const others = number === 0 ? ` WHEN ours THEN ${quoteText(UNCOUNTED)} ELSE ${quoteText(PASSED)}` : ''
  const dimensions = layout.dimensions.map((name, place) => {
    const dimension = metric.dimensions[place]
    if (!dimension) return [name, quoteText('')]
    const text = `COALESCE(CAST(${print(plan, dimension.expr)} AS STRING), CHR(${NULL_DIMENSION.charCodeAt(0)}))`
    return [name, `CASE WHEN ${isIn} THEN ${text} ELSE ${quoteText('')} END`]
  })
  const values = { ...ledgerValues(plan, layout, number), ...tallyValues(plan, layout, number) }
  const slots = layout.slots.map(({ name, kind }) => [
    name,
    values[name] ?? `CAST(NULL AS ${SLOTS[kind].type})`,
  ])
  return {
    t: `CASE WHEN ${isIn} THEN ${quoteText(tag)}${others} END`,
    // Rows of one key are of one thing: the place of a record that is passed on is in it.
    w: `CASE WHEN ${isIn} THEN w${number} WHEN ours THEN 0 ELSE r END`,
    ...Object.fromEntries([...dimensions, ...slots]),
  }
}

function hasRow({ metrics }: SourcePlan, { sets }: RowLayout, number: number): string {
  const places = sets[number]!.metrics
  if (places.some((place) => !metrics[place]!.where)) return 'ours'
  return `(ours AND (${places.map((place) => `m${place}`).join(' OR ')}))`
}

function ledgerValues(plan: SourcePlan, layout: RowLayout, number: number): Record<string, string> {
  const { first, last, others } = layout.ledger
  if (number > 0) return {}
  const counts = others.map((slot, place) => [slot, oneWhere(hasRow(plan, layout, place + 1))])
  return { [first]: 'r', [last]: 'r', ...Object.fromEntries(counts) }
}

function tallyValues(plan: SourcePlan, layout: RowLayout, number: number): Record<string, string> {
  const values = layout.sets[number]!.metrics.flatMap((place) => {
    const { where, tallies } = plan.metrics[place]!
    const { records, tallies: slots } = layout.metrics[place]!
    const only = (value: string) => (where ? `CASE WHEN m${place} THEN ${value} END` : value)
    const ofTallies = tallies.flatMap((tally, index) =>
      tally.key
        ? [[slots[index]![0]!, only(listItem(plan, tally))]]
        : tally.columns.flatMap(({ fn, expr }, column) => {
            const slot = slots[index]![column]
            if (!slot || !expr) return []
            const value = print(plan, expr)
            return [[slot, only(fn === 'count' ? oneWhere(`(${value}) IS NOT NULL`) : value)]]
          }),
    )
    return records ? [[records, oneWhere(`m${place}`)], ...ofTallies] : ofTallies
  })
  return Object.fromEntries(values)
}

/** The key and the values of a record's row of the tally; null where it has none. */
function listItem(plan: SourcePlan, { key, columns }: Tally): string {
  const parts = [key!, ...columns.flatMap(({ expr }) => expr ?? [])]
  return parts.map((expr) => `CAST(${print(plan, expr)} AS STRING)`).join(` || ':' || `)
}

function print(plan: SourcePlan, expr: Expr): string {
  return flinkDialect.printExpr(expr, recordColumns(plan))
}

function oneWhere(condition: string): string {
  return `CASE WHEN ${condition} THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END`
}

/**
 * Values go as text, so that no number loses a digit on its way. The key is what rows are grouped by and nothing else, or
 * Flink would write a deletion before each change of a row.
 */
function printSink({ plan, partialsTopic, kafka }: JobRequest): string {
  const layout = layOut(plan)
  const { dimensions, slots } = layout
  const texts = (names: readonly string[]) => names.map((name) => `${name} STRING`)
  const keys = ['e STRING', 't STRING', 'p INT', 'c BIGINT', 'b BIGINT', 'w BIGINT', ...texts(dimensions)]
  const columns = [...keys, 'n BIGINT', ...texts(slots.map(({ name }) => name))]
  const options = {
    ...{ connector: 'upsert-kafka', topic: partialsTopic },
    ...{ 'key.format': 'json', 'value.format': 'json' },
    ...properties(kafka),
    'properties.linger.ms': '5',
  }
  return `CREATE TEMPORARY TABLE partials (
  ${columns.join(', ')}, PRIMARY KEY (${groupColumns(layout).join(', ')}) NOT ENFORCED
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
