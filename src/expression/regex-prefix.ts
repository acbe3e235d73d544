/** The first two characters that may stand where a part of a regular expression goes on: enough to tell choices apart. */
import { MAX_CODE_POINT, mergeRanges, type Ranges, type RegexNode } from './regex-node.ts'

/** Stands for the end of the text, as if it were one more character. */
const END = MAX_CODE_POINT + 1
const ANY: Ranges = [[0, END]]

/** `isDone`: the whole pattern may succeed here without another character. */
export interface Prefixes {
  readonly pairs: readonly (readonly [Ranges, Ranges])[]
  readonly isDone: boolean
}

export const DONE: Prefixes = { pairs: [], isDone: true }
export const ANYTHING: Prefixes = { pairs: [[ANY, ANY]], isDone: false }

/** What may stand where `node` begins, with `next` after it. */
export function prefixesOf(node: RegexNode, next: Prefixes): Prefixes {
  switch (node.kind) {
    case 'set':
      return { pairs: [[node.ranges, firstOf(next)]], isDone: false }
    case 'start':
      return next
    case 'end':
      return { pairs: [[[[END, END]], ANY]], isDone: false }
    case 'sequence':
      return node.parts.reduceRight((rest, part) => prefixesOf(part, rest), next)
    case 'choice':
      return joinPrefixes(node.options.map((option) => prefixesOf(option, next)))
    case 'group':
      return prefixesOf(node.body, next)
    case 'repeat': {
      if (node.most === 0) return next
      const again = node.most > 1 ? joinPrefixes([next, prefixesOf(node.body, ANYTHING)]) : next
      const once = prefixesOf(node.body, again)
      return node.least === 0 ? joinPrefixes([next, once]) : once
    }
  }
}

export function joinPrefixes(all: readonly Prefixes[]): Prefixes {
  return { pairs: all.flatMap(({ pairs }) => pairs), isDone: all.some(({ isDone }) => isDone) }
}

/** Can no two characters begin both? */
export function areApart(a: Prefixes, b: Prefixes): boolean {
  return a.pairs.every(([a1, a2]) => b.pairs.every(([b1, b2]) => !doMeet(a1, b1) || !doMeet(a2, b2)))
}

function firstOf({ pairs, isDone }: Prefixes): Ranges {
  return isDone ? ANY : mergeRanges(pairs.flatMap(([first]) => first))
}

function doMeet(a: Ranges, b: Ranges): boolean {
  return a.some(([low, high]) => b.some(([from, to]) => low <= to && from <= high))
}
