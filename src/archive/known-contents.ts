/** What was ingested before, told by digests of its beginning: whole lines, unpacked, under whatever name. */

import type { YearState } from './year-sequence.ts'

/** A content of an ingest. */
export interface ContentEntry {
  /** The manifest that committed it. */
  readonly generation: number
  /** With the last one, where that had no end and was taken. */
  readonly lines: number
  /** Of the lines that have an end, and their SHA-256. */
  readonly bytes: number
  readonly sha256: string
  /** Of the first 4 KiB; absent where the lines with an end have less. */
  readonly head?: string
  /** Of all bytes, where the last line had no end and was taken. */
  readonly whole?: { readonly bytes: number; readonly sha256: string }
  /** After the last line, where the ingest decided on years. */
  readonly years?: YearState
}

/** A shorter beginning may be the same by chance, such as the header of a table. */
export const SURE_BYTES = 4096

/** Looked up by what begins alike. */
export class KnownContents {
  readonly #byHead = new Map<string, ContentEntry[]>()
  readonly #short: ContentEntry[] = []

  constructor(entries: Iterable<ContentEntry> = []) {
    for (const entry of entries) this.add(entry)
  }

  get isEmpty(): boolean {
    return this.#byHead.size + this.#short.length === 0
  }

  add(entry: ContentEntry): void {
    if (entry.head === undefined) {
      this.#short.push(entry)
      return
    }
    const alike = this.#byHead.get(entry.head)
    if (alike) alike.push(entry)
    else this.#byHead.set(entry.head, [entry])
  }

  /** Those that a content may begin with; `head` is of its first 4 KiB, if it has as much. */
  candidates(head: string | undefined): ContentEntry[] {
    return [...this.#short, ...((head === undefined ? undefined : this.#byHead.get(head)) ?? [])]
  }
}

/** SHA-256 of all that the ingest took of it. */
export function takenDigest({ sha256, whole }: ContentEntry): string {
  return whole?.sha256 ?? sha256
}
