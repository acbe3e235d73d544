/**
 * The header by which the door's records are known. That of a client's first record has its idempotency key, and that of
 * the first record of a batch of records the context of all of its lines, and its place among all batches.
 */
import type { IdempotencyKey } from '../../ports/log.ts'

export const HEADER = 'millrace'

export interface KeyedLines extends IdempotencyKey {
  /** Of the client's batch. */
  readonly lines: number
}

export interface DoorHeader {
  /** Incarnation of the log. */
  readonly log: string
  readonly keyed?: KeyedLines | undefined
  readonly context?: string | undefined
  /** Greater in each next batch of records, whatever its partition; earlier versions did not write it. */
  readonly turn?: number | undefined
}

export function printHeader({ log, keyed, context, turn }: DoorHeader): Buffer {
  const key = keyed && [keyed.scope, keyed.key, Buffer.from(keyed.digest).toString('hex'), keyed.lines]
  return Buffer.from(JSON.stringify({ log, ...(key && { key }), context, turn }))
}

/** Undefined when it is none of ours. */
export function parseHeader(value: Buffer | undefined): DoorHeader | undefined {
  if (!value) return undefined
  try {
    const { log, key, context, turn } = JSON.parse(value.toString()) as {
      log?: unknown
      key?: [string, string, string, number]
      context?: string
      turn?: number
    }
    if (typeof log !== 'string') return undefined
    const [scope = '', name = '', digest = '', lines = 0] = key ?? []
    const keyed = key && { scope, key: name, digest: Buffer.from(digest, 'hex'), lines }
    return { log, keyed, context, turn }
  } catch {
    return undefined
  }
}
