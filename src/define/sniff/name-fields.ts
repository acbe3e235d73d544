/** Fields of a sample → fields of a definition: a name, a type and, where it differs, the place. */
import { ProblemList } from '../../expression/problem.ts'
import { tokenize } from '../../expression/tokenizer.ts'
import { inferType } from './infer-type.ts'
import type { FieldSample, RecordSample } from './record-sample.ts'

export interface NamedField {
  readonly name: string
  readonly type: string
  /** Absent when the name alone says where the value stands. */
  readonly from?: string | readonly string[]
  /** How an expression writes the name. */
  readonly reference: string
  readonly sample: FieldSample
  readonly distinct: ReadonlySet<string>
}

export interface NamedFields {
  readonly fields: readonly NamedField[]
  readonly nulls: readonly string[]
}

/** A definition with more is hard to read, and what is not used costs nothing to leave out. */
const MAX_FIELDS = 60

/** All fields with a type, but for the one that holds the event time. */
export function nameFields({ format, fields }: RecordSample, time: readonly string[]): NamedFields {
  const named = new Map<string, NamedField>()
  const nulls = new Set<string>()
  for (const sample of fields) {
    const inferred = inferType(sample, format.kind === 'json')
    const name = sample.path.join('.')
    const isTime = JSON.stringify(sample.path) === JSON.stringify(time)
    if (!inferred || isTime || !isUsable(name) || named.has(name) || named.size === MAX_FIELDS) continue
    for (const text of inferred.nulls) nulls.add(text)
    const distinct = new Set(sample.values.map(({ text }) => text).filter((text) => text !== ''))
    const from = placeOf(sample.path)
    const place = from === undefined ? {} : { from }
    named.set(name, { name, type: inferred.type, ...place, reference: writeName(name), sample, distinct })
  }
  return { fields: [...named.values()], nulls: [...nulls] }
}

/** As the definition's own rule for names has it. */
function isUsable(name: string): boolean {
  return /^[^\p{Cc}\p{Cs}]{1,128}$/u.test(name) && name !== '__proto__'
}

/** The text form splits at dots, so a key that holds one needs the list. */
export function placeOf(path: readonly string[]): string | readonly string[] | undefined {
  if (path.length === 1) return undefined
  return path.some((key) => key.includes('.') || key === '') ? path : path.join('.')
}

function writeName(name: string): string {
  const tokens = tokenize(name, new ProblemList())
  const isPlain = tokens.length === 2 && tokens[0]?.kind === 'name' && tokens[0].value === name
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`
}
