/** Regular expressions: the part of RE2 that every engine can run with one meaning. */
import { compiledSize, isGroupNeverEmpty, type RegexNode } from './regex-node.ts'
import { RegexFault, RegexParser } from './regex-parser.ts'
import { printRegex } from './regex-printer.ts'

/** `start` and `end` are offsets in the pattern. */
export interface RegexProblem {
  readonly code: 'BAD_REGEX'
  readonly message: string
  readonly start: number
  readonly end: number
  readonly hint?: string
}

/**
 * `normalised` has the pattern's meaning on RE2, unanchored, with group names as `(?P<n>…)`; checking it again
 * gives itself. `unnamed` is the same without names, for java.util.regex too. `groupNames[i]` is the name of
 * capturing group i + 1, '' for one without a name.
 */
export interface RegexCheck {
  readonly normalised?: string
  readonly unnamed?: string
  readonly groupNames: string[]
  readonly problems: RegexProblem[]
  /** True when every match has text in the group (0: the whole match). */
  isNeverEmpty(group: number): boolean
}

export const MAX_PATTERN_LENGTH = 2000
/** RE2 refuses what compiles to more than its memory; this stays well below. */
const MAX_COMPILED_SIZE = 20_000

export function checkRegex(pattern: string): RegexCheck {
  const parser = new RegexParser(pattern)
  try {
    if (pattern.length > MAX_PATTERN_LENGTH)
      throw new RegexFault(`it is longer than ${MAX_PATTERN_LENGTH} characters`, 0, pattern.length)
    return accept(parser.parseAll(), parser.groupNames, pattern)
  } catch (error) {
    if (!(error instanceof RegexFault)) throw error
    const { message, start, end, hint } = error
    const problem = { code: 'BAD_REGEX', message, start, end, ...(hint && { hint }) } as const
    return { groupNames: parser.groupNames, problems: [problem], isNeverEmpty: () => false }
  }
}

function accept(tree: RegexNode, groupNames: string[], pattern: string): RegexCheck {
  if (compiledSize(tree) > MAX_COMPILED_SIZE)
    throw new RegexFault('its repeats make it too large to run', 0, pattern.length)
  return {
    normalised: printRegex(tree, true),
    unnamed: printRegex(tree, false),
    groupNames,
    problems: [],
    isNeverEmpty: (group) => isGroupNeverEmpty(tree, group),
  }
}
