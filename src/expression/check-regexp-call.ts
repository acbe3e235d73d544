/** How calls of regexp_matches and regexp_extract are checked. */
import type { Expr } from '../core/expr.ts'
import { type CallSyntax, integer, type Signature, textArgument } from './check-call.ts'
import type { CheckContext } from './check-context.ts'
import { checkRegex, type RegexCheck } from './regex.ts'
import { BOOLEAN, isConstantText, STRING } from './value-type.ts'

/** Engines number at least this many groups. */
const MAX_GROUP = 9

export const regexpMatches: Signature = {
  least: 2,
  most: 2,
  check: (context, syntax) => {
    const text = textArgument(context, syntax, 0)
    const regex = constantRegex(context, syntax)
    if (!text || regex?.unnamed === undefined) return undefined
    return { node: 'call', fn: 'regexp_matches', args: [text, textLiteral(regex.unnamed)], type: BOOLEAN }
  },
}

/** The checked call always has three arguments; the third is the group's number. */
export const regexpExtract: Signature = {
  least: 2,
  most: 3,
  check: (context, syntax) => {
    const text = textArgument(context, syntax, 0)
    const regex = constantRegex(context, syntax)
    if (!text || regex?.unnamed === undefined) return undefined
    const group = groupNumber(context, syntax, regex)
    if (group === undefined) return undefined
    const args = [text, textLiteral(regex.unnamed), numberLiteral(group)]
    return { node: 'call', fn: 'regexp_extract', args, type: STRING }
  },
}

function constantRegex(context: CheckContext, syntax: CallSyntax): RegexCheck | undefined {
  const argument = syntax.args[1]!
  const pattern = argument.kind === 'text' ? context.check(argument) : undefined
  if (!pattern || !isConstantText(pattern))
    return context.fail('NOT_CONSTANT', argument, { what: 'A regular expression', type: 'text' })
  const regex = checkRegex(pattern.value)
  for (const problem of regex.problems) {
    const why = `${problem.message} (at character ${problem.start + 1} of the pattern)`
    context.fail('BAD_REGEX', placeInText(argument, pattern.value, problem), { why }, problem.hint)
  }
  return regex.problems.length > 0 ? undefined : regex
}

/** Offsets in the pattern are offsets in the quoted text, shifted by the quote and by quotes written twice. */
function placeInText(
  argument: { start: number; end: number },
  pattern: string,
  at: { start: number; end: number },
) {
  const shift = (offset: number) => offset + (pattern.slice(0, offset).match(/'/g)?.length ?? 0)
  const start = argument.start + 1 + shift(at.start)
  return { start, end: Math.max(start + 1, argument.start + 1 + shift(at.end)) }
}

function groupNumber(context: CheckContext, syntax: CallSyntax, regex: RegexCheck): number | undefined {
  const argument = syntax.args[2]
  if (!argument) return 0
  if (argument.kind !== 'number' || !/^\d{1,4}$/.test(argument.digits))
    return context.fail('NOT_CONSTANT', argument, { what: 'The group', type: 'whole number' })
  const group = Number(argument.digits)
  const count = regex.groupNames.length
  if (group > count) {
    const groups = count === 1 ? '1 group' : `${count} groups`
    return context.fail('BAD_GROUP', argument, { group, count: groups })
  }
  if (group <= MAX_GROUP) return group
  const params = { what: 'The group', least: 0, most: MAX_GROUP, text: String(group) }
  return context.fail('OUT_OF_RANGE', argument, params, 'Make the other groups (?:…).')
}

function textLiteral(value: string): Expr {
  return { node: 'literal', value, type: STRING }
}

function numberLiteral(value: number): Expr {
  return { node: 'literal', value: String(value), type: integer(BigInt(value)) }
}
