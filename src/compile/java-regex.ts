/** Regular expressions for java.util.regex, whose backtracking recurses once for each repetition of a group. */
import { MillraceError } from '../core/error.ts'
import { isPossessive, type Repeat, sequence } from '../expression/regex-backtracking.ts'
import type { RegexNode } from '../expression/regex-node.ts'
import { RegexParser } from '../expression/regex-parser.ts'
import { printRegex } from '../expression/regex-printer.ts'

/** Repetitions of a group that a stack of usual size surely holds; Java's own default fails at about a thousand. */
const MAX_RECURSION = 200

/**
 * A regex of the language, with the same groups, for Java. A repeat that never gives back is printed possessive,
 * which Java runs as a loop. Errors: BATCH_REGEX_TOO_DEEP for a repeated group that may have to, and often, since
 * a long line could end the engine there.
 */
export function javaRegex(pattern: string): string {
  const known = printed.get(pattern)
  if (known !== undefined) return known
  const text = print(new RegexParser(pattern).parseAll(), sequence([]), pattern)
  printed.set(pattern, text)
  return text
}

/** The same few patterns are asked for again and again. */
const printed = new Map<string, string>()

/** `next` is what follows up to the pattern's end. */
function print(node: RegexNode, next: RegexNode, pattern: string): string {
  switch (node.kind) {
    case 'sequence':
      return node.parts
        .map((part, index) => {
          const text = print(part, sequence([...node.parts.slice(index + 1), next]), pattern)
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

function printRepeat(node: Repeat, next: RegexNode, pattern: string): string {
  const isLoop = isPossessive(node, next)
  if (!isLoop && node.most > MAX_RECURSION && node.body.kind !== 'set')
    throw new MillraceError('BATCH_REGEX_TOO_DEEP', { pattern, part: printRegex(node, false) })
  const again = node.most > 1 ? sequence([{ ...node, least: 0 }, next]) : next
  const body = print(node.body, again, pattern)
  const atom = node.body.kind === 'set' || node.body.kind === 'group' ? body : `(?:${body})`
  const times = printRegex({ ...node, body: { kind: 'start' }, lazy: false }, false).replace('(?:\\A)', '')
  return `${atom}${times}${isLoop ? '+' : node.lazy ? '?' : ''}`
}
