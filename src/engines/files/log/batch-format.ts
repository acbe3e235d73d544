/**
 * Segments and batches as bytes, little-endian (see docs/log.md). A batch is 40 bytes of header, the idempotency key if
 * there is one, the context of its lines if they have one, and whole lines; its CRC-32C covers the log's incarnation and all but the first 12 bytes, so that no line
 * can be made to look like a batch.
 */
import { crc32c } from '../../../archive/crc32c.ts'
import type { IdempotencyKey } from '../../../ports/log.ts'

export const SEGMENT_HEADER_BYTES = 48
export const BATCH_HEADER_BYTES = 40
const SEGMENT_MAGIC = Buffer.from('MRLOG\0\0', 'latin1')
/** Segments of format 1 have no contexts; a version that knows no other must not take batches with one for a torn tail. */
const SEGMENT_FORMATS = [1, 2] as const
const KEYS_MARK = Buffer.from('KEYS')
export const BATCH_MAGIC = Buffer.from('MRB1', 'latin1')
const DIGEST_BYTES = 32
/** Scope and key as text; its length has two bytes in the header. */
const MOST_KEY_CHARACTERS = 8192
/** Its length has two bytes as well. */
const MOST_CONTEXT_BYTES = 65_535

export interface SegmentHeader {
  /** 32 hex digits. */
  readonly incarnation: string
  readonly firstOffset: number
  /** The greatest time that was stamped before this segment. */
  readonly observedMs: number
  /** A file of keys stood beside it when it began. */
  readonly hasKeys?: boolean
}

export type SegmentFormat = (typeof SEGMENT_FORMATS)[number]

export interface BatchHeader {
  /** Where in the file the first batch stands that was written together with this one. */
  readonly groupStart: number
  readonly firstOffset: number
  readonly lines: number
  readonly observedMs: number
  readonly context?: string | undefined
}

export interface FoundBatch extends BatchHeader {
  /** In the file. */
  readonly position: number
  readonly totalBytes: number
  readonly bodyStart: number
  readonly idempotency?: IdempotencyKey
}

export function printSegmentHeader(header: SegmentHeader): Buffer {
  const { incarnation, firstOffset, observedMs, hasKeys = false } = header
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  SEGMENT_MAGIC.copy(bytes)
  bytes.writeUInt8(2, SEGMENT_MAGIC.length)
  bytes.write(incarnation, 8, 'hex')
  bytes.writeBigUInt64LE(BigInt(firstOffset), 24)
  bytes.writeBigInt64LE(BigInt(observedMs), 32)
  bytes.writeInt32LE(crc32c(bytes, 0, 40), 40)
  if (hasKeys) KEYS_MARK.copy(bytes, 44)
  return bytes
}

/** Undefined when these bytes are no segment's header. */
export function parseSegmentHeader(
  bytes: Buffer,
): (SegmentHeader & { readonly format: SegmentFormat }) | undefined {
  const isSegment = bytes.length >= SEGMENT_HEADER_BYTES && bytes.subarray(0, 7).equals(SEGMENT_MAGIC)
  const format = SEGMENT_FORMATS.find((known) => isSegment && known === bytes[7])
  if (format === undefined) return undefined
  if (bytes.readInt32LE(40) !== crc32c(bytes, 0, 40)) return undefined
  return {
    format,
    incarnation: bytes.toString('hex', 8, 24),
    firstOffset: Number(bytes.readBigUInt64LE(24)),
    observedMs: Number(bytes.readBigInt64LE(32)),
    hasKeys: bytes.readUInt32LE(44) !== 0,
  }
}

/** What the checksums of a log's batches begin with. */
export function seedOf(incarnation: string): number {
  return crc32c(Buffer.from(incarnation, 'hex'), 0, incarnation.length / 2)
}

/** Header, key and context of a batch; its chunks follow as they are. */
export function printBatchHeader(
  header: BatchHeader,
  chunks: readonly Uint8Array[],
  { idempotency, seed }: { readonly idempotency?: IdempotencyKey | undefined; readonly seed: number },
): Buffer {
  const key = idempotency ? printKey(idempotency) : Buffer.alloc(0)
  const context = Buffer.from(header.context ?? '')
  const bytes = Buffer.alloc(BATCH_HEADER_BYTES + key.length + context.length)
  BATCH_MAGIC.copy(bytes)
  bytes.writeUInt32LE(
    chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    4,
  )
  bytes.writeUInt32LE(header.groupStart, 12)
  bytes.writeBigUInt64LE(BigInt(header.firstOffset), 16)
  bytes.writeBigInt64LE(BigInt(header.observedMs), 24)
  bytes.writeUInt32LE(header.lines, 32)
  bytes.writeUInt16LE(key.length, 36)
  bytes.writeUInt16LE(context.length, 38)
  key.copy(bytes, BATCH_HEADER_BYTES)
  context.copy(bytes, BATCH_HEADER_BYTES + key.length)
  let crc = crc32c(bytes, 12, bytes.length, seed)
  for (const chunk of chunks) crc = crc32c(chunk, 0, chunk.length, crc)
  bytes.writeInt32LE(crc, 8)
  return bytes
}

/** Throws for what a header cannot hold; a door refuses such keys itself, with an answer for its client. */
export function requirePrintable({ digest, scope, key }: IdempotencyKey): void {
  if (digest.length !== DIGEST_BYTES)
    throw new Error(`a digest has ${DIGEST_BYTES} bytes, not ${digest.length}`)
  if (scope.length + key.length > MOST_KEY_CHARACTERS)
    throw new Error(`scope and key have more than ${MOST_KEY_CHARACTERS} characters`)
}

/** The same for a context. */
export function requireContext(context: string): void {
  const bytes = Buffer.byteLength(context)
  if (bytes > MOST_CONTEXT_BYTES)
    throw new Error(`a context has at most ${MOST_CONTEXT_BYTES} bytes, not ${bytes}`)
}

function printKey({ digest, scope, key }: IdempotencyKey): Buffer {
  return Buffer.concat([digest, Buffer.from(JSON.stringify([scope, key]))])
}

/**
 * The batch at `at` of `bytes`, which are the file's from `base` on; undefined when there is no whole, sound one.
 */
export function parseBatch(bytes: Buffer, at: number, base: number, seed: number): FoundBatch | undefined {
  if (at + BATCH_HEADER_BYTES > bytes.length) return undefined
  if (!bytes.subarray(at, at + 4).equals(BATCH_MAGIC)) return undefined
  const keyBytes = bytes.readUInt16LE(at + 36)
  const totalBytes = batchBytes(bytes, at)!
  if (at + totalBytes > bytes.length) return undefined
  if (bytes.readInt32LE(at + 8) !== crc32c(bytes, at + 12, at + totalBytes, seed)) return undefined
  const keyEnd = BATCH_HEADER_BYTES + keyBytes
  const bodyStart = keyEnd + bytes.readUInt16LE(at + 38)
  const key = keyBytes > 0 ? parseKey(bytes.subarray(at + BATCH_HEADER_BYTES, at + keyEnd)) : undefined
  return {
    position: base + at,
    totalBytes,
    bodyStart,
    groupStart: bytes.readUInt32LE(at + 12),
    firstOffset: Number(bytes.readBigUInt64LE(at + 16)),
    observedMs: Number(bytes.readBigInt64LE(at + 24)),
    lines: bytes.readUInt32LE(at + 32),
    ...(bodyStart > keyEnd && { context: bytes.toString('utf8', at + keyEnd, at + bodyStart) }),
    ...(key && { idempotency: key }),
  }
}

/** Bytes that the header at `at` says the batch has; undefined when there is no header. */
export function batchBytes(bytes: Buffer, at: number): number | undefined {
  if (at + BATCH_HEADER_BYTES > bytes.length || !bytes.subarray(at, at + 4).equals(BATCH_MAGIC))
    return undefined
  const headBytes = BATCH_HEADER_BYTES + bytes.readUInt16LE(at + 36) + bytes.readUInt16LE(at + 38)
  return headBytes + bytes.readUInt32LE(at + 4)
}

function parseKey(bytes: Buffer): IdempotencyKey {
  const [scope, key] = JSON.parse(bytes.toString('utf8', DIGEST_BYTES)) as [string, string]
  return { scope, key, digest: Buffer.from(bytes.subarray(0, DIGEST_BYTES)) }
}
