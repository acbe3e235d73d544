/** Regular expressions for java.util.regex, whose backtracking recurses once for each repetition of a group. */
import { MillraceError } from '../core/error.ts'
import { isPossessive } from '../expression/regex-backtracking.ts'
import type { RegexNode } from '../expression/regex-node.ts'
import { RegexParser } from '../expression/regex-parser.ts'
import { DONE, type Prefixes, prefixesOf } from '../expression/regex-prefix.ts'
import { printRegex } from '../expression/regex-printer.ts'

type Repeat = Extract<RegexNode, { kind: 'repeat' }>

/** Repetitions of a group that the smallest stack in use can hold. */
const MAX_RECURSION = 200

/**
 * A regex of the language, with the same groups, for Java. A repeat that never gives back is printed possessive,
 * which Java runs as a loop. Errors: BATCH_REGEX_TOO_DEEP for a repeated group that is not and may repeat often, since a
 * long line could end the engine there.
 */
export function javaRegex(pattern: string): string {
  return print(new RegexParser(pattern).parseAll(), DONE, pattern)
}

function print(node: RegexNode, next: Prefixes, pattern: string): string {
  switch (node.kind) {
    case 'sequence':
      return node.parts
        .map((part, index) => {
          const rest: RegexNode = { kind: 'sequence', parts: node.parts.slice(index + 1) }
          const text = print(part, prefixesOf(rest, next), pattern)
          return part.kind === 'choice' ? `(?:${text})` : text
        })
        .join('')
    case 'choice':
      return node.options.map((option) => print(option, next, pattern)).join('|')
    case 'group':
      return `(${print(node.body, next, pattern)})`
    case 'repeat':
      return printRepeat(node, next, pattern)
    default:
      return printRegex(node, false)
  }
}

function printRepeat(node: Repeat, next: Prefixes, pattern: string): string {
  const isLoop = isPossessive(node, next)
  if (!isLoop && node.most > MAX_RECURSION && node.body.kind !== 'set')
    throw new MillraceError('BATCH_REGEX_TOO_DEEP', { pattern, part: printRegex(node, false) })
  const again = node.most > 1 ? prefixesOf({ ...node, least: 0 }, next) : next
  const body = print(node.body, again, pattern)
  const atom = node.body.kind === 'set' || node.body.kind === 'group' ? body : `(?:${body})`
  const times = printRegex({ ...node, body: { kind: 'start' }, lazy: false }, false).replace('(?:\\A)', '')
  return `${atom}${times}${isLoop ? '+' : node.lazy ? '?' : ''}`
}
