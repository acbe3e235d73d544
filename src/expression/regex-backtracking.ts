/** Which repeats never need to give back what they took: a backtracking engine may then run them as a loop. */
import type { RegexNode } from './regex-node.ts'
import { ANYTHING, areApart, joinPrefixes, type Prefixes, prefixesOf } from './regex-prefix.ts'

type Repeat = Extract<RegexNode, { kind: 'repeat' }>

/**
 * True when taking as much as possible once and for all gives the same match as backtracking. `next` is what
 * follows up to the pattern's end: where a repetition began, it must not be able to begin too.
 */
export function isPossessive(repeat: Repeat, next: Prefixes): boolean {
  if (repeat.lazy || repeat.most < 2 || (repeat.body.kind === 'set' && repeat.least === repeat.most))
    return false
  if (next.isDone) return true
  const once = prefixesOf(repeat.body, ANYTHING)
  return areApart(once, next) && isDecided(repeat.body, ANYTHING, joinPrefixes([once, next]))
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
        const rest: RegexNode = { kind: 'sequence', parts: node.parts.slice(index + 1) }
        return isDecided(part, prefixesOf(rest, sure), prefixesOf(rest, next))
      })
    case 'choice':
      return node.options.every((option, index) => {
        const taken = prefixesOf(option, sure)
        const later = node.options.slice(index + 1)
        return (
          isDecided(option, sure, next) && later.every((other) => areApart(taken, prefixesOf(other, next)))
        )
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
