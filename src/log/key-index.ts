/** Which batches were taken under which idempotency key, for as long as a client may repeat them. */
import { MillraceError } from '../core/error.ts'
import type { Appended, IdempotencyKey, KeyList } from '../ports/log.ts'

/** A batch that is repeated later than this is a new one. */
export const KEY_HORIZON_MS = 24 * 3_600_000
/** Or when this many came after it. */
export const MOST_KEYS = 100_000

interface Entry {
  readonly digest: string
  readonly firstOffset: number
  readonly lines: number
  readonly observedMs: number
}

export class KeyIndex {
  /** In the order in which they came. */
  readonly #entries = new Map<string, Entry>()

  /** The earlier batch of this key. Errors: LOG_KEY_REUSED, when it had other bytes. */
  find({ scope, key, digest }: IdempotencyKey, nowMs: number): Appended | undefined {
    const entry = this.#entries.get(nameOf(scope, key))
    if (!entry || nowMs - entry.observedMs > KEY_HORIZON_MS) return undefined
    if (entry.digest !== hexOf(digest)) throw new MillraceError('LOG_KEY_REUSED', { key })
    const { firstOffset, lines, observedMs } = entry
    return { firstOffset, endOffset: firstOffset + lines, observedMs, isDuplicate: true }
  }

  add({ scope, key, digest }: IdempotencyKey, { firstOffset, endOffset, observedMs }: Appended): void {
    const name = nameOf(scope, key)
    this.#entries.delete(name)
    const lines = endOffset - firstOffset
    this.#entries.set(name, { digest: hexOf(digest), firstOffset, lines, observedMs })
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= MOST_KEYS && observedMs - entry.observedMs <= KEY_HORIZON_MS) return
      this.#entries.delete(oldest)
    }
  }

  get size(): number {
    return this.#entries.size
  }

  /** JSON, a line for each. */
  print(): string {
    return printEntries([...this.#entries])
  }

  /** Those of batches that end at the offset or before it. */
  below(endOffset: number): KeyList | undefined {
    const entries = [...this.#entries].filter(
      ([, { firstOffset, lines }]) => firstOffset + lines <= endOffset,
    )
    const last = entries.at(-1)
    return last && { text: printEntries(entries), keys: entries.length, lastMs: last[1].observedMs }
  }

  /** Takes in what `print` or `below` gave, which came after what is known otherwise. */
  load(text: string): void {
    for (const line of text.split('\n')) {
      if (line === '') continue
      const [name, entry] = JSON.parse(line) as [string, Entry]
      this.#entries.delete(name)
      this.#entries.set(name, entry)
    }
  }
}

function printEntries(entries: readonly (readonly [string, Entry])[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}

function nameOf(scope: string, key: string): string {
  return JSON.stringify([scope, key])
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
