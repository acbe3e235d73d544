/** An issue of the schema in words: code, parameters and what to do. */
import type { z } from 'zod'
import { closestName } from '../core/closest-name.ts'
import { didYouMean, type Params, type Path, type Target } from './diagnostic.ts'
import { DIAGNOSTIC_TABLE, type DiagnosticCode } from './diagnostic-table.ts'
import { examplesAt, keysAt } from './schema-walk.ts'

type Issue = z.core.$ZodIssue

export interface ShapeProblem {
  readonly code: DiagnosticCode
  readonly path: Path
  readonly params: Params
  readonly target?: Target
  readonly hint?: string
}

export function describeIssue(issue: Issue, tree: unknown): ShapeProblem[] {
  const path = issue.path as Path
  const value = valueAt(tree, path)
  if (issue.code === 'unrecognized_keys') return describeUnknownKeys(path, issue.keys)
  if (issue.code === 'invalid_key') return [describeName(path)]
  if (value === undefined) return [describeMissing(path)]
  if (issue.code === 'invalid_value') return [describeChoice(path, value, issue.values.map(String))]
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union')
    return [describeType(issue, path, value)]
  const code = Object.hasOwn(DIAGNOSTIC_TABLE, issue.message) ? issue.message : 'DEFINE_BAD_VALUE'
  const expected = EXPECTED_SIZES[issue.code] ?? 'another value'
  const params = {
    key: keyOf(path),
    given: show(value),
    expected,
    format: String(path.at(-2)),
    example: String(examplesAt(path)[0]),
    rule: `it needs ${NAME_RULE}`,
  }
  return [{ code: code as DiagnosticCode, path, params }]
}

const EXPECTED_SIZES: Readonly<Record<string, string>> = {
  too_small: 'something larger or longer',
  too_big: 'something smaller or shorter',
}

/** True of an issue with the type of the value itself, not of a part of it. */
export const isOwnType = (issue: Issue): boolean => issue.path.length === 0 && issue.code === 'invalid_type'

/** True of an issue with the value itself, such as a mapping where one of a few words is needed. */
export const isOwn = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')

export function describeUnknownKeys(path: Path, keys: readonly string[]): ShapeProblem[] {
  const known = keysAt(path)
  return keys.map((key) => {
    const near = closestName(key, known)
    const hint = near === undefined ? `It can have ${listed(known)}.` : `Did you mean ${near}?`
    const params = { parent: keyOf(path), key: show(key) }
    return { code: 'DEFINE_UNKNOWN_KEY', path: [...path, key], params, target: 'key', hint }
  })
}

function describeMissing(path: Path): ShapeProblem {
  const example = examplesAt(path)[0]
  const key = String(path.at(-1))
  const hint = example === undefined ? {} : { hint: `For example: ${key}: ${show(example)}` }
  const params = { parent: keyOf(path.slice(0, -1)), key }
  return { code: 'DEFINE_MISSING_KEY', path, params, target: 'key', ...hint }
}

function describeChoice(path: Path, value: unknown, choices: readonly string[]): ShapeProblem {
  const params = { key: keyOf(path), given: show(value), expected: listed(choices) }
  return { code: 'DEFINE_BAD_VALUE', path, params, ...choiceHint(String(value), choices) }
}

const FOREIGN_WORDS: ReadonlyMap<string, string> = new Map([
  ['text', 'string'],
  ['varchar', 'string'],
  ['bool', 'boolean'],
  ['int', 'integer'],
  ['long', 'integer'],
  ['bigint', 'integer'],
  ['number', 'integer, decimal(3) or float'],
  ['double', 'float'],
  ['numeric', 'decimal(3)'],
  ['decimal', 'decimal(3), with the number of digits after the point'],
  ['csv', '{ csv: { columns: [time, …] } }'],
  ['tsv', '{ tsv: { columns: [time, …] } }'],
  ['pattern', '{ pattern: "(?P<time>…) …" }'],
  ['syslog', 'a pattern, with the time layout rfc3164 or iso; `millrace init FILE` writes one'],
])

function choiceHint(given: string, choices: readonly string[]): { hint?: string } {
  const foreign = FOREIGN_WORDS.get(given.toLowerCase())
  if (foreign !== undefined) return { hint: `Write ${foreign}.` }
  if (/^decimal\(.*\)$/.test(given))
    return { hint: 'A decimal has 0 to 18 digits after the point, such as decimal(3).' }
  return didYouMean(closestName(given, choices))
}

function describeType(issue: Issue, path: Path, value: unknown): ShapeProblem {
  const params = { key: keyOf(path), given: kindOf(value), expected: expectedKind(issue) }
  const isScalar = typeof value === 'number' || typeof value === 'boolean'
  const example = examplesAt(path)[0]
  const quoted =
    params.expected.includes('text') && isScalar ? `Write it in quotes: "${String(value)}"` : undefined
  const hint = example === undefined ? quoted : `For example: ${show(example)}`
  return { code: 'DEFINE_WRONG_TYPE', path, params, ...(hint === undefined ? {} : { hint }) }
}

function expectedKind(issue: Issue): string {
  if (issue.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected
  const branches = issue.code === 'invalid_union' ? issue.errors.flat() : []
  const kinds = branches.flatMap((inner) => (isOwnType(inner) ? [expectedKind(inner)] : ['a text']))
  return [...new Set(kinds)].join(' or ')
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'object' ? 'a mapping' : `the ${typeof value} ${String(value)}`
}

const NAME_RULE = 'letters, digits and _ only, not starting with a digit, at most 63 characters'
const METRIC_NAME_RULE = `names joined by dots, each of ${NAME_RULE}; at most 120 in all`

/** The key at the end of the path cannot be a name. */
export function describeName(path: Path): ShapeProblem {
  const key = String(path.at(-1))
  const given = show(key)
  const found = { path, target: 'key' } as const
  if (key === '__proto__')
    return { ...found, code: 'DEFINE_BAD_NAME', params: { given, rule: 'it is reserved by JavaScript' } }
  if (path[0] === 'sources' && path.length > 2)
    return { ...found, code: 'DEFINE_BAD_FIELD_NAME', params: { given } }
  const isMetric = path[0] === 'metrics' && path.length === 2
  const rule = `it needs ${isMetric ? METRIC_NAME_RULE : NAME_RULE}`
  const suggestion = key.replace(isMetric ? /[^A-Za-z0-9_.]+/g : /[^A-Za-z0-9_]+/g, '_').slice(0, 63)
  const hint = /^[A-Za-z_]/.test(suggestion) && suggestion !== key ? didYouMean(suggestion) : {}
  return { ...found, code: 'DEFINE_BAD_NAME', params: { given, rule }, ...hint }
}

export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree
  for (const key of path)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[String(key)]
        : undefined
  return value
}

const keyOf = (path: Path): string => (path.length === 0 ? 'The definition' : path.join('.'))

/** The decimals are many and alike: one stands for all. */
const listed = (names: readonly string[]): string => {
  const shown = names.filter((name) => !/^decimal\((?!3\))/.test(name))
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`
}

/** A value for a message: JSON, cut to one line's worth. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
