/** Runs the printed parse of a source over given lines on a real DuckDB. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'vitest'
import { printParse } from '../../src/compile/parse-source.ts'
import type { Field, FieldType, Format, TimeLayout } from '../../src/core/definition.ts'
import type { SourcePlan } from '../../src/core/plan.ts'
import { duckdbDialect, trustingDialect } from '../../src/engines/duckdb/dialect.ts'
import { isMalformed } from '../../src/engines/duckdb/json-dialect.ts'

export interface SourceText {
  readonly format: Format
  /** Name → type, or type and path; the path is the name alone otherwise. */
  readonly fields?: Readonly<Record<string, FieldText | readonly [FieldText, ...string[]]>>
  readonly time?: readonly string[]
  readonly layout?: TimeLayout
  readonly zone?: string
  readonly year?: number
  readonly nullTexts?: readonly string[]
  /** Of all lines. */
  readonly observedMs?: number
  readonly context?: string
}

type FieldText = 'string' | 'boolean' | 'integer' | 'float' | `decimal(${number})`

/** `time` is the event time in RFC 3339; `fields` holds values as text, `!` for a field error, null for null. */
export interface ParsedLine {
  readonly reason: string | null
  readonly time: string | null
  readonly eventMs: bigint | null
  readonly fields: Readonly<Record<string, string | null>>
}

const connections: Promise<DuckDBConnection> = DuckDBInstance.create(':memory:', {
  autoload_known_extensions: 'false',
  autoinstall_known_extensions: 'false',
}).then((instance) => instance.connect())

export function connect(): Promise<DuckDBConnection> {
  return connections
}

export function sourcePlan(source: SourceText): SourcePlan {
  const fields = Object.entries(source.fields ?? {}).map(([name, text]): Field => {
    const [type, ...path] = typeof text === 'string' ? [text, name] : text
    return { name, type: fieldType(type), path: path.length > 0 ? path : [name] }
  })
  return {
    semantics: 1,
    source: 's',
    format: source.format,
    time: {
      field: 'ts',
      path: source.time ?? ['ts'],
      layout: source.layout ?? { kind: 'iso' },
      zone: source.zone ?? 'UTC',
      ...(source.year !== undefined && { year: source.year }),
    },
    nullTexts: source.nullTexts ?? [],
    fields,
    metrics: [],
  }
}

function fieldType(text: FieldText): FieldType {
  const scale = /^decimal\((\d+)\)$/.exec(text)?.[1]
  if (scale !== undefined) return { kind: 'decimal', scale: Number(scale) }
  return { kind: text as 'string' | 'boolean' | 'integer' | 'float' }
}

export async function parseLines(
  source: SourceText,
  lines: readonly (string | Uint8Array)[],
): Promise<ParsedLine[]> {
  const connection = await connect()
  const plan = sourcePlan(source)
  await connection.run(
    'CREATE OR REPLACE TEMP TABLE lines ("offset" BIGINT, observed_ms BIGINT, context VARCHAR, raw BLOB)',
  )
  const appender = await connection.createAppender('lines')
  lines.forEach((line, index) => {
    appender.appendBigInt(BigInt(index))
    appender.appendBigInt(BigInt(source.observedMs ?? 0))
    if (source.context === undefined) appender.appendNull()
    else appender.appendVarchar(source.context)
    appender.appendBlob(typeof line === 'string' ? Buffer.from(line) : line)
    appender.endRow()
  })
  appender.closeSync()
  const rows = await readRecords(connection, plan, duckdbDialect)
  await checkTrusting(connection, plan, rows)
  return rows.map(([reason, eventMs, ...values]) => ({
    reason: reason as string | null,
    eventMs: eventMs as bigint | null,
    time: eventMs === null ? null : new Date(Number(eventMs as bigint)).toISOString(),
    fields: Object.fromEntries(plan.fields.map(({ name }, i) => [name, values[i] as string | null])),
  }))
}

async function readRecords(connection: DuckDBConnection, plan: SourcePlan, dialect: typeof duckdbDialect) {
  await connection.run(`CREATE OR REPLACE TEMP TABLE parsed AS ${printParse(plan, dialect, 'lines')}`)
  const texts = plan.fields.map((_, i) => `CASE WHEN e${i} THEN '!' ELSE CAST(f${i} AS VARCHAR) END`)
  const columns = ['reason', 'event_ms', ...texts].join(', ')
  return (await connection.runAndReadAll(`SELECT ${columns} FROM parsed ORDER BY "offset"`)).getRows()
}

/** Where lines can be trusted to be JSON, the quicker way must read the same. */
async function checkTrusting(
  connection: DuckDBConnection,
  plan: SourcePlan,
  rows: unknown[][],
): Promise<void> {
  if (plan.format.kind !== 'json') return
  try {
    expect(await readRecords(connection, plan, trustingDialect)).toEqual(rows)
  } catch (error) {
    if (!isMalformed(error)) throw error
  }
}

/** Only the reasons, `ok` for a line that was read. */
export async function reasonsOf(
  source: SourceText,
  lines: readonly (string | Uint8Array)[],
): Promise<string[]> {
  return (await parseLines(source, lines)).map(({ reason }) => reason ?? 'ok')
}

/** The event times of texts, as the field `ts` of JSON lines; the reason where there is none. */
export async function timesOf(
  source: Omit<SourceText, 'format'>,
  texts: readonly string[],
): Promise<string[]> {
  const lines = texts.map((ts) => JSON.stringify({ ts }))
  const parsed = await parseLines({ ...source, format: { kind: 'json' } }, lines)
  return parsed.map(({ time, reason }) => time ?? String(reason))
}
