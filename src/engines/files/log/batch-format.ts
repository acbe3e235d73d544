/**
 * Segments and batches as bytes, little-endian (see docs/log.md). A batch is 40 bytes of header, the idempotency key if
 * there is one, and whole lines; its CRC-32C covers the log's incarnation and all but the first 12 bytes, so that no line
 * can be made to look like a batch.
 */
import { crc32c } from '../../../archive/crc32c.ts'
import type { IdempotencyKey } from '../../../ports/log.ts'

export const SEGMENT_HEADER_BYTES = 48
export const BATCH_HEADER_BYTES = 40
const SEGMENT_MAGIC = Buffer.from('MRLOG\0\0\x01', 'latin1')
export const BATCH_MAGIC = Buffer.from('MRB1', 'latin1')
const DIGEST_BYTES = 32
/** Scope and key as text; its length has two bytes in the header. */
const MOST_KEY_CHARACTERS = 8192

export interface SegmentHeader {
  /** 32 hex digits. */
  readonly incarnation: string
  readonly firstOffset: number
  /** The greatest time that was stamped before this segment. */
  readonly observedMs: number
}

export interface BatchHeader {
  /** Where in the file the first batch stands that was written together with this one. */
  readonly groupStart: number
  readonly firstOffset: number
  readonly lines: number
  readonly observedMs: number
}

export interface FoundBatch extends BatchHeader {
  /** In the file. */
  readonly position: number
  readonly totalBytes: number
  readonly bodyStart: number
  readonly idempotency?: IdempotencyKey
}

export function printSegmentHeader({ incarnation, firstOffset, observedMs }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  SEGMENT_MAGIC.copy(bytes)
  bytes.write(incarnation, 8, 'hex')
  bytes.writeBigUInt64LE(BigInt(firstOffset), 24)
  bytes.writeBigInt64LE(BigInt(observedMs), 32)
  bytes.writeInt32LE(crc32c(bytes, 0, 40), 40)
  return bytes
}

/** Undefined when these bytes are no segment's header. */
export function parseSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, 8).equals(SEGMENT_MAGIC)) return undefined
  if (bytes.readInt32LE(40) !== crc32c(bytes, 0, 40)) return undefined
  return {
    incarnation: bytes.toString('hex', 8, 24),
    firstOffset: Number(bytes.readBigUInt64LE(24)),
    observedMs: Number(bytes.readBigInt64LE(32)),
  }
}

/** What the checksums of a log's batches begin with. */
export function seedOf(incarnation: string): number {
  return crc32c(Buffer.from(incarnation, 'hex'), 0, incarnation.length / 2)
}

/** Header and key of a batch; its chunks follow as they are. */
export function printBatchHeader(
  header: BatchHeader,
  chunks: readonly Uint8Array[],
  { idempotency, seed }: { readonly idempotency?: IdempotencyKey | undefined; readonly seed: number },
): Buffer {
  const key = idempotency ? printKey(idempotency) : Buffer.alloc(0)
  const bytes = Buffer.alloc(BATCH_HEADER_BYTES + key.length)
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
  key.copy(bytes, BATCH_HEADER_BYTES)
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
  const totalBytes = BATCH_HEADER_BYTES + keyBytes + bytes.readUInt32LE(at + 4)
  if (at + totalBytes > bytes.length) return undefined
  if (bytes.readInt32LE(at + 8) !== crc32c(bytes, at + 12, at + totalBytes, seed)) return undefined
  const bodyStart = BATCH_HEADER_BYTES + keyBytes
  const key = keyBytes > 0 ? parseKey(bytes.subarray(at + BATCH_HEADER_BYTES, at + bodyStart)) : undefined
  return {
    position: base + at,
    totalBytes,
    bodyStart,
    groupStart: bytes.readUInt32LE(at + 12),
    firstOffset: Number(bytes.readBigUInt64LE(at + 16)),
    observedMs: Number(bytes.readBigInt64LE(at + 24)),
    lines: bytes.readUInt32LE(at + 32),
    ...(key && { idempotency: key }),
  }
}

/** Bytes that the header at `at` says the batch has; undefined when there is no header. */
export function batchBytes(bytes: Buffer, at: number): number | undefined {
  if (at + BATCH_HEADER_BYTES > bytes.length || !bytes.subarray(at, at + 4).equals(BATCH_MAGIC))
    return undefined
  return BATCH_HEADER_BYTES + bytes.readUInt16LE(at + 36) + bytes.readUInt32LE(at + 4)
}

function parseKey(bytes: Buffer): IdempotencyKey {
  const [scope, key] = JSON.parse(bytes.toString('utf8', DIGEST_BYTES)) as [string, string]
  return { scope, key, digest: Buffer.from(bytes.subarray(0, DIGEST_BYTES)) }
}
