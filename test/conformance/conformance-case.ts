/** What a conformance case is, and short ways to write one. A case is about one thing, which its name says. */

/** The text of a cell as every output prints it; null is no value. */
export type Cell = string | null

export interface ConformanceCase {
  readonly group: string
  /** Unique. */
  readonly name: string
  /** As a definition writes it; the metric's source is named by the runner. */
  readonly source: Readonly<Record<string, unknown>>
  readonly metric: Readonly<Record<string, unknown>>
  /** The whole input, framing included. */
  readonly input: Uint8Array
  /** Each row: window start, dimensions, measures and ratios. In any order. */
  readonly totals: readonly (readonly Cell[])[]
  /** `offset reason`, or `offset reason field` for a field's error. In any order. */
  readonly rejects: readonly string[]
  /** Records that fit but do not count, header lines among them. */
  readonly filtered: number
  /**
   * Set where the expected numbers are the true ones, and totals may differ from them: `relative` is the most
   * by which a cell may, `kind` says why.
   */
  readonly bound?: { readonly kind: 'float' | 'sketch'; readonly relative: number }
  /** When the file of its lines was last modified. */
  readonly referenceMs?: number
  /** A day in ms that all event times are in and that no other case has, so that cases may share a source. */
  readonly day?: number
}

export type Line = string | Uint8Array
type Options = Partial<Pick<ConformanceCase, 'rejects' | 'filtered' | 'bound' | 'day' | 'referenceMs'>>

/** Fields of the JSON source that most cases read. */
export const FIELDS = {
  s: 'string',
  t: 'string',
  i: 'integer',
  j: 'integer',
  d: 'decimal(2)',
  e: 'decimal(3)',
  w: 'decimal(6)',
  f: 'float',
  b: 'boolean',
}

export const JSON_SOURCE = { format: 'json', time: 'ts', fields: FIELDS }

/** Totals of JSON lines that fall in one hour of a day of their own; rows without their window. */
export function inOneHour(
  group: string,
  name: string,
  metric: ConformanceCase['metric'],
  members: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: Options = {},
): ConformanceCase {
  const day = ownDay()
  const hour = stampAt(day, 36_000)
  const lines = members.map((text) => `{"ts":"${hour}"${text === '' ? '' : ','}${text}}`)
  const all = rows.map((row) => [hour, ...row])
  return totals(group, name, JSON_SOURCE, { window: '1h', ...metric }, lines, all, { day, ...options })
}

/** A case in full. */
export function totals(
  group: string,
  name: string,
  source: ConformanceCase['source'],
  metric: ConformanceCase['metric'],
  lines: readonly Line[],
  rows: readonly (readonly Cell[])[],
  options: Options = {},
): ConformanceCase {
  return {
    group,
    name,
    source,
    metric,
    input: joinLines(lines),
    totals: rows,
    rejects: [],
    filtered: 0,
    ...options,
  }
}

/** What a line gives: the value's cell, or `!reason` when it is rejected, `!invalid_field f` for a field. */
type Outcome = readonly [line: Line, expected: Cell]

/**
 * An expression's value on each line. TS in a line stands for a stamp of its own, one second after another, so
 * that each line has its own window.
 */
export function values(
  group: string,
  name: string,
  source: ConformanceCase['source'],
  value: string,
  outcomes: readonly Outcome[],
): ConformanceCase {
  const day = ownDay()
  const stamp = (place: number) => stampAt(day, place)
  const metric = { window: '1s', dimensions: { value }, measures: { n: 'count()' } }
  const lines = outcomes.map(([line], place) => replaceStamp(line, stamp(place)))
  const rows = outcomes.flatMap(([, expected], place) =>
    isRejected(expected) ? [] : [[stamp(place), expected, '1']],
  )
  return totals(group, name, source, metric, lines, rows, { rejects: rejectsOf(outcomes), day })
}

let days = 0

/** The next day that no case has. */
export function ownDay(): number {
  return Date.UTC(2024, 0, 1) + days++ * 86_400_000
}

/** The same on members of a JSON object beside its stamp. */
export function jsonValues(
  group: string,
  name: string,
  value: string,
  outcomes: readonly (readonly [members: string, expected: Cell])[],
): ConformanceCase {
  const lines = outcomes.map(([members, expected]) => [member(members), expected] as const)
  return values(group, name, JSON_SOURCE, value, lines)
}

/** The event time of each line, as windows of a millisecond show it. */
export function instants(
  group: string,
  name: string,
  source: ConformanceCase['source'],
  outcomes: readonly Outcome[],
  options: Pick<ConformanceCase, 'referenceMs'> = {},
): ConformanceCase {
  const counts = new Map<string, number>()
  for (const [, expected] of outcomes)
    if (!isRejected(expected)) counts.set(expected!, (counts.get(expected!) ?? 0) + 1)
  const rows = [...counts].map(([instant, count]) => [instant, String(count)])
  const metric = { window: '1ms', measures: { n: 'count()' } }
  const lines = outcomes.map(([line]) => line)
  return totals(group, name, source, metric, lines, rows, { rejects: rejectsOf(outcomes), ...options })
}

/** The same for stamps in the field `ts` of a JSON object; `time` as a definition has it, without the field. */
export function jsonInstants(
  group: string,
  name: string,
  time: Readonly<Record<string, unknown>>,
  outcomes: readonly (readonly [stamp: string | number, expected: Cell])[],
  options: Pick<ConformanceCase, 'referenceMs'> = {},
): ConformanceCase {
  const source = { format: 'json', time: { field: 'ts', ...time } }
  const lines = outcomes.map(([text, expected]) => [`{"ts":${JSON.stringify(text)}}`, expected] as const)
  return instants(group, name, source, lines, options)
}

/** A JSON line with a stamp and these members. */
export function member(members: string): string {
  return `{"ts":TS${members === '' ? '' : ','}${members}}`
}

/** Texts and bytes as one line. */
export function bytes(...parts: readonly (string | readonly number[])[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  )
}

/** Every line with its line feed. */
export function joinLines(lines: readonly Line[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [Buffer.from(line as string), Buffer.from('\n')]))
}

function isRejected(expected: Cell): boolean {
  return expected?.startsWith('!') ?? false
}

function rejectsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(([, expected], offset) =>
    isRejected(expected) ? [`${offset} ${expected!.slice(1)}`] : [],
  )
}

/** A second of a day, as a window's start prints. */
export function stampAt(day: number, second: number): string {
  return new Date(day + second * 1000).toISOString().replace('.000Z', 'Z')
}

/** In JSON the stamp has quotes. */
function replaceStamp(line: Line, text: string): Line {
  const whole = Buffer.from(line as string)
  const at = whole.indexOf('TS')
  if (at < 0) return line
  const isJson = whole.includes('{')
  return Buffer.concat([
    whole.subarray(0, at),
    Buffer.from(isJson ? `"${text}"` : text),
    whole.subarray(at + 2),
  ])
}
