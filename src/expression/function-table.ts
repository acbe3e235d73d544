/** Every function of the language: its name, how it is written, and how a call is checked. */
import type { Expr } from '../core/expr.ts'
import {
  abs,
  coalesce,
  concat,
  extremum,
  length,
  type Signature,
  substring,
  textToText,
} from './check-call.ts'
import type { CheckContext } from './check-context.ts'
import { regexpExtract, regexpMatches } from './check-regexp-call.ts'
import { TIME_PARTS, timePart } from './check-time-part.ts'
import type { Syntax } from './syntax.ts'

export interface FunctionEntry extends Signature {
  readonly name: string
  readonly timePart: boolean
  /** `syntax.name` is in lower case. */
  check(context: CheckContext, syntax: Extract<Syntax, { kind: 'call' }>): Expr | undefined
}

const PLAIN: readonly [string, Signature][] = [
  ['abs', abs],
  ['coalesce', coalesce],
  ['concat', concat],
  ['greatest', extremum],
  ['least', extremum],
  ['length', length],
  ['lower', textToText],
  ['regexp_extract', regexpExtract],
  ['regexp_matches', regexpMatches],
  ['substring', substring],
  ['trim', textToText],
  ['upper', textToText],
]

export const FUNCTIONS: ReadonlyMap<string, FunctionEntry> = new Map([
  ...PLAIN.map(([name, signature]) => [name, makeEntry(name, signature, false)] as const),
  ...[...TIME_PARTS.keys()].map((name) => [name, makeEntry(name, timePart, true)] as const),
])

export const AGGREGATE_NAMES: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'min',
  'max',
  'mean',
  'quantiles',
  'distinct',
])

function makeEntry(name: string, signature: Signature, isTimePart: boolean): FunctionEntry {
  return {
    name,
    ...signature,
    timePart: isTimePart,
    check: (context, syntax) => {
      const { least, most } = signature
      const count = syntax.args.length
      if (count >= least && count <= most) return signature.check(context, syntax)
      return context.fail('WRONG_COUNT', syntax, { name, expected: describeCount(least, most), count })
    },
  }
}

function describeCount(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return `at least ${least} arguments`
  if (least === most) return least === 1 ? 'one argument' : `${least} arguments`
  return `${least} or ${most} arguments`
}
