/** Which repeats never need to give back what they took: a backtracking engine may then run them as a loop. */
import { ANY_CHARACTER, ANY_TEXT, mayMeet } from './regex-language.ts'
import { leastLength, type RegexNode } from './regex-node.ts'
import { ANYTHING, areApart, DONE, joinPrefixes, type Prefixes, prefixesOf } from './regex-prefix.ts'

export type Repeat = Extract<RegexNode, { kind: 'repeat' }>

/**
 * True when taking as much as possible once and for all gives the same match as backtracking. `next` is what
 * follows up to the pattern's end. Where it may be empty, the first try succeeds. Else each repetition must end where
 * it does, and what follows must not match where a repetition has matched, unless it matches after it too.
 */
export function isPossessive(repeat: Repeat, next: RegexNode): boolean {
  const { body, least, most, lazy } = repeat
  if (lazy || most < 2 || (body.kind === 'set' && least === most)) return false
  if (leastLength(next) === 0 && !hasEnd(next)) return true
  const isApart = () => !mayMeet(sequence([body, ANY_TEXT]), sequence([next, ANY_TEXT]))
  return (takesEveryEnd(next) || isApart()) && endsOnce(body, next)
}

/** Of a text that it matches it matches every end as well, as `.*` before the end of the text does. */
function takesEveryEnd(node: RegexNode): boolean {
  if (node.kind === 'sequence') return node.parts.every(takesEveryEnd)
  if (node.kind === 'group') return takesEveryEnd(node.body)
  if (node.kind === 'repeat') return node.body.kind === 'set' && node.least === 0
  return node.kind === 'end'
}

/** An anchor takes no character, but is not always there. */
function hasEnd(node: RegexNode): boolean {
  return !mayMeet(node, { kind: 'sequence', parts: [] })
}

/** No match of the body goes on from another, or all that could decide otherwise is decided by two characters. */
function endsOnce(body: RegexNode, next: RegexNode): boolean {
  if (!mayMeet(sequence([body, ANY_CHARACTER, ANY_TEXT]), body)) return true
  return isDecided(body, ANYTHING, joinPrefixes([prefixesOf(body, ANYTHING), prefixesOf(next, DONE)]))
}

export function sequence(parts: readonly RegexNode[]): RegexNode {
  return { kind: 'sequence', parts }
}

/**
 * Is there one way at most to match the node? `sure` is what has matched after it when it is asked for another
 * way, `next` what would have to match then.
 */
function isDecided(node: RegexNode, sure: Prefixes, next: Prefixes): boolean {
  switch (node.kind) {
    case 'set':
    case 'start':
    case 'end':
      return true
    case 'group':
      return isDecided(node.body, sure, next)
    case 'sequence':
      return node.parts.every((part, index) => {
        const rest = sequence(node.parts.slice(index + 1))
        return isDecided(part, prefixesOf(rest, sure), prefixesOf(rest, next))
      })
    case 'choice':
      return node.options.every((option, index) => {
        const taken = prefixesOf(option, sure)
        const later = node.options.slice(index + 1)
        const isApart = later.every((other) => areApart(taken, prefixesOf(other, next)))
        return isApart && isDecided(option, sure, next)
      })
    case 'repeat': {
      if (node.lazy && node.least !== node.most) return false
      const once = prefixesOf(node.body, ANYTHING)
      const isEndDecided = node.least === node.most || areApart(once, next)
      const after = node.most > 1 ? joinPrefixes([once, next]) : next
      return isEndDecided && isDecided(node.body, ANYTHING, after)
    }
  }
}
