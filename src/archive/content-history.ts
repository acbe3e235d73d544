/** Remembers what contents were ingested, so that the same file given twice can be pointed out. */
import { createHash } from 'node:crypto'

export interface ContentEntry {
  readonly sha256: string
  readonly generation: number
}

export const HISTORY = 'ingested.json'

/** Older contents are forgotten: this is a hint for people and no guard. */
const KEPT = 4096

/** Only contents of committed generations count. A damaged text is as good as an empty one. */
export function parseHistory(text: string, generation: number): ContentEntry[] {
  try {
    const entries = JSON.parse(text) as ContentEntry[]
    return entries.filter((entry) => entry.generation <= generation)
  } catch {
    return []
  }
}

export function printHistory(entries: readonly ContentEntry[]): string {
  return `${JSON.stringify(entries.slice(-KEPT))}\n`
}

/** One digest for a sequence of contents; where one ends and the next begins matters. */
export function digestSequence(contents: readonly string[]): string {
  return createHash('sha256').update(contents.join('\n')).digest('hex')
}
