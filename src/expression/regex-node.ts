/** The tree of a regular expression, and what follows from its shape. */
import { leastOf } from '../core/extremes.ts'

/** Inclusive ranges of code points, ascending and apart. */
export type Ranges = readonly (readonly [number, number])[]

export type RegexNode =
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  /** `number` counts capturing groups from 1; `name` is '' for a group without one. */
  | { readonly kind: 'group'; readonly number: number; readonly name: string; readonly body: RegexNode }
  | {
      readonly kind: 'repeat'
      readonly body: RegexNode
      readonly least: number
      /** Infinity when open. */
      readonly most: number
      readonly lazy: boolean
    }

export const MAX_CODE_POINT = 0x10ffff

/** Sorts, joins what touches and leaves out surrogates, which UTF-8 does not have. */
export function mergeRanges(ranges: Ranges): Ranges {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0])
  const merged: [number, number][] = []
  for (const [low, high] of sorted) {
    const last = merged.at(-1)
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high)
    else merged.push([low, high])
  }
  return merged
}

export function negateRanges(ranges: Ranges): Ranges {
  const gaps: [number, number][] = []
  let next = 0
  for (const [low, high] of mergeRanges(ranges)) {
    if (low > next) gaps.push([next, low - 1])
    next = high + 1
  }
  if (next <= MAX_CODE_POINT) gaps.push([next, MAX_CODE_POINT])
  return gaps
}

/** Adds the other case of ASCII letters. */
export function foldRanges(ranges: Ranges): Ranges {
  const folded = ranges.flatMap(([low, high]) => [
    [low, high] as const,
    ...overlap(low, high, 0x41, 0x5a, 32),
    ...overlap(low, high, 0x61, 0x7a, -32),
  ])
  return mergeRanges(folded)
}

function overlap(low: number, high: number, from: number, to: number, shift: number): [number, number][] {
  const [start, end] = [Math.max(low, from), Math.min(high, to)]
  return start <= end ? [[start + shift, end + shift]] : []
}

/** The fewest characters that a match of the node takes. */
export function leastLength(node: RegexNode): number {
  switch (node.kind) {
    case 'set':
      return 1
    case 'start':
    case 'end':
      return 0
    case 'sequence':
      return node.parts.reduce((total, part) => total + leastLength(part), 0)
    case 'choice':
      return leastOf(node.options.map(leastLength))
    case 'group':
      return leastLength(node.body)
    case 'repeat':
      return node.least === 0 ? 0 : node.least * leastLength(node.body)
  }
}

/**
 * True when every match has text in the group (0: the whole), so that an empty text can only mean "no match".
 */
export function isGroupNeverEmpty(node: RegexNode, group: number): boolean {
  if (group === 0) return leastLength(node) > 0
  switch (node.kind) {
    case 'sequence':
      return node.parts.some((part) => isGroupNeverEmpty(part, group))
    case 'group':
      return node.number === group ? leastLength(node.body) > 0 : isGroupNeverEmpty(node.body, group)
    case 'repeat':
      return node.least > 0 && isGroupNeverEmpty(node.body, group)
    default:
      return false
  }
}

/** Roughly the instructions of the compiled pattern: repeats are unrolled, and a wide set takes several. */
export function compiledSize(node: RegexNode): number {
  switch (node.kind) {
    case 'set':
      return node.ranges.some(([, high]) => high > 0x7f) ? 12 : node.ranges.length
    case 'start':
    case 'end':
      return 1
    case 'sequence':
      return node.parts.reduce((total, part) => total + compiledSize(part), 0)
    case 'choice':
      return node.options.reduce((total, option) => total + 1 + compiledSize(option), 0)
    case 'group':
      return 2 + compiledSize(node.body)
    case 'repeat': {
      const times = Number.isFinite(node.most) ? node.most : node.least + 1
      return times * (1 + compiledSize(node.body))
    }
  }
}
