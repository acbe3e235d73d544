/** Patterns of like: `%` any text, `_` one character, `\` takes the next `%`, `_` or `\` as itself. */

export interface LikePart {
  readonly kind: 'any' | 'one' | 'text'
  readonly text: string
}

/** Why a pattern is refused, or undefined when it is right. */
export function findLikeFault(pattern: string): string | undefined {
  const bad = /\\(?![%_\\])/.exec(pattern.replace(/\\[%_\\]/g, '..'))
  return bad ? '\\ must be followed by %, _ or another \\' : undefined
}

/** The parts of a right pattern, neighbouring characters joined. */
export function readLikePattern(pattern: string): LikePart[] {
  return [...pattern.matchAll(/%+|_|(?:\\[%_\\]|[^%_\\])+/gsu)].map(([part]) => {
    if (part === '_') return { kind: 'one', text: part }
    if (part.startsWith('%')) return { kind: 'any', text: '%' }
    return { kind: 'text', text: part.replace(/\\(.)/gsu, '$1') }
  })
}
