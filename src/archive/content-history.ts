/** Reads the list of contents that earlier versions kept, which says of each no more than its digest. */

interface OldEntry {
  readonly sha256: string
  readonly generation: number
}

export const HISTORY = 'ingested.json'

/** SHA-256 of contents of committed generations. It was a hint for people: a damaged text is as good as an empty one. */
export function parseHistory(text: string | undefined, generation: number): Set<string> {
  try {
    const entries = JSON.parse(text ?? '[]') as OldEntry[]
    return new Set(entries.filter((entry) => entry.generation <= generation).map(({ sha256 }) => sha256))
  } catch {
    return new Set()
  }
}
