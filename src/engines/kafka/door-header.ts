/** The header by which the door's records are known, and the idempotency key that goes with a batch's first one. */
import type { IdempotencyKey } from '../../ports/log.ts'

export const HEADER = 'millrace'

export interface KeyedLines extends IdempotencyKey {
  /** Of the client's batch. */
  readonly lines: number
}

export function printHeader(incarnation: string, keyed: KeyedLines | undefined): Buffer {
  const key = keyed && [keyed.scope, keyed.key, Buffer.from(keyed.digest).toString('hex'), keyed.lines]
  return Buffer.from(JSON.stringify({ log: incarnation, ...(key && { key }) }))
}

/** Undefined when it is none of ours. */
export function parseHeader(
  value: Buffer | undefined,
): { log: string; keyed: KeyedLines | undefined } | undefined {
  if (!value) return undefined
  try {
    const { log, key } = JSON.parse(value.toString()) as {
      log?: unknown
      key?: [string, string, string, number]
    }
    if (typeof log !== 'string') return undefined
    const [scope = '', name = '', digest = '', lines = 0] = key ?? []
    return { log, keyed: key && { scope, key: name, digest: Buffer.from(digest, 'hex'), lines } }
  } catch {
    return undefined
  }
}
