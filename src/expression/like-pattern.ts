/** Patterns of like: `%` any text, `_` one character, `\` takes the next `%`, `_` or `\` as itself. */

/** Why a pattern is refused, or undefined when it is right. */
export function findLikeFault(pattern: string): string | undefined {
  const bad = /\\(?![%_\\])/.exec(pattern.replace(/\\[%_\\]/g, '..'))
  return bad ? '\\ must be followed by %, _ or another \\' : undefined
}
