/** How deeply a YAML text is nested, found without recursion, before anything that recurses may see it. */
import { type CST, Parser } from 'yaml'

/** A definition needs six levels. V8 can abort the whole process when its stack ends inside a regex. */
const MAX_DEPTH = 64

export function isTooDeep(text: string): boolean {
  const open: { token: CST.Token; depth: number }[] = []
  for (const token of new Parser().parse(text)) open.push({ token, depth: 0 })
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next
    if (depth > MAX_DEPTH) return true
    for (const child of childrenOf(token)) open.push({ token: child, depth: depth + 1 })
  }
  return false
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value ? [token.value] : []
  if (!('items' in token)) return []
  return token.items.flatMap((item) => [item.key, item.value].filter((part) => part != null))
}
