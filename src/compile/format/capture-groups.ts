/** The capturing groups of an RE2 regular expression: which names they have, and how to drop those not needed. */

interface GroupStart {
  /** Where the parenthesis stands, and where the group's content begins. */
  readonly start: number
  readonly content: number
  readonly name?: string
}

/** Name → number, the first group being 1. Of two groups of one name the first counts. */
export function namedGroups(regex: string): Map<string, number> {
  const names = new Map<string, number>()
  captureStarts(regex).forEach(({ name }, index) => {
    if (name !== undefined && !names.has(name)) names.set(name, index + 1)
  })
  return names
}

/** The same regex in which only the given groups capture, without names: matching then costs less. */
export function keepGroups(regex: string, kept: readonly number[]): string {
  let text = ''
  let end = 0
  captureStarts(regex).forEach(({ start, content }, index) => {
    text += regex.slice(end, start) + (kept.includes(index + 1) ? '(' : '(?:')
    end = content
  })
  return text + regex.slice(end)
}

const TOKEN =
  /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]|\((?:\?(?:P?<(\w+)>)?)?/gu

function captureStarts(regex: string): GroupStart[] {
  const starts: GroupStart[] = []
  for (const match of regex.matchAll(TOKEN)) {
    const [token, name] = match
    const isCapture = token === '(' || name !== undefined
    if (!isCapture) continue
    starts.push({
      start: match.index,
      content: match.index + token.length,
      ...(name !== undefined && { name }),
    })
  }
  return starts
}
