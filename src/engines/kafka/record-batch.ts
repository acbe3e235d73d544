/** Kafka's record batches (message format 2): lines to bytes and back, without an object for each line. */
import { crc32c } from '../../archive/crc32c.ts'

/** From the base offset to the number of records, which the records follow. */
const HEAD_BYTES = 61
/** The checksum is of all that follows it. */
const CRC_AT = 17
const ATTRIBUTES_AT = 21
/** Length, attributes, two deltas, no key, length of the value, no headers: what a record has around its value. */
const MOST_RECORD_HEAD = 5 + 1 + 1 + 5 + 1 + 5 + 1
const NEWLINE = 0x0a

export const ATTRIBUTES = { compression: 7, logAppendTime: 8, transactional: 16, control: 32 } as const

export interface ProducerState {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly sequence: number
}

export interface LineBatch {
  /** Whole lines, each ended by a newline. */
  readonly text: Buffer
  readonly lines: number
  readonly timestampMs: number
  /** By the number of the line whose record it goes with, of one name. */
  readonly headers: ReadonlyMap<number, Buffer>
  readonly headerName: string
}

/** One record for each line, without its newline. */
export function printRecordBatch(source: LineBatch, by: ProducerState): Buffer {
  const { text, lines, timestampMs, headers } = source
  let headerBytes = 0
  for (const { length } of headers.values()) headerBytes += source.headerName.length + length + 16
  const batch = Buffer.allocUnsafe(HEAD_BYTES + text.length + lines * MOST_RECORD_HEAD + headerBytes)
  let at = HEAD_BYTES
  for (let line = 0, from = 0; line < lines; line++) {
    const end = text.indexOf(NEWLINE, from)
    at = printRecord(batch, at, { text, from, end }, line, headerOf(source, line))
    from = end + 1
  }
  printHead(batch, at, { lines, timestampMs, ...by })
  return batch.subarray(0, at)
}

interface Header {
  readonly name: string
  readonly value: Buffer
}

function headerOf({ headers, headerName: name }: LineBatch, line: number): Header | undefined {
  const value = headers.get(line)
  return value && { name, value }
}

interface Slice {
  readonly text: Buffer
  readonly from: number
  readonly end: number
}

function printRecord(
  batch: Buffer,
  start: number,
  { text, from, end }: Slice,
  offsetDelta: number,
  header: Header | undefined,
): number {
  const valueBytes = end - from
  const headerBytes = header
    ? varintBytes(header.name.length) +
      header.name.length +
      varintBytes(header.value.length) +
      header.value.length
    : 0
  const bytes = 4 + varintBytes(offsetDelta) + varintBytes(valueBytes) + valueBytes + headerBytes
  let at = printVarint(batch, start, bytes)
  batch[at++] = 0
  batch[at++] = 0
  at = printVarint(batch, at, offsetDelta)
  at = printVarint(batch, at, -1)
  at = printVarint(batch, at, valueBytes)
  at += text.copy(batch, at, from, end)
  at = printVarint(batch, at, header ? 1 : 0)
  if (!header) return at
  at = printVarint(batch, at, header.name.length)
  at += batch.write(header.name, at, 'latin1')
  at = printVarint(batch, at, header.value.length)
  return at + header.value.copy(batch, at)
}

function printHead(
  batch: Buffer,
  end: number,
  {
    lines,
    timestampMs,
    producerId,
    producerEpoch,
    sequence,
  }: ProducerState & { lines: number; timestampMs: number },
): void {
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(end - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(ATTRIBUTES.transactional, ATTRIBUTES_AT)
  batch.writeInt32BE(lines - 1, 23)
  batch.writeBigInt64BE(BigInt(timestampMs), 27)
  batch.writeBigInt64BE(BigInt(timestampMs), 35)
  batch.writeBigInt64BE(producerId, 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(sequence, 53)
  batch.writeInt32BE(lines, 57)
  batch.writeInt32BE(crc32c(batch, ATTRIBUTES_AT, end), CRC_AT)
}

/** Zigzag. */
function printVarint(batch: Buffer, start: number, value: number): number {
  let [rest, at] = [value < 0 ? -2 * value - 1 : 2 * value, start]
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) batch[at++] = (rest & 0x7f) | 0x80
  batch[at++] = rest
  return at
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = 2 * value; rest >= 0x80; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** What stands at the beginning of a batch. */
export interface RecordBatch {
  readonly firstOffset: number
  /** After the last record, also where records were compacted away. */
  readonly endOffset: number
  readonly attributes: number
  readonly maxTimestampMs: number
  readonly producerId: bigint
  readonly records: number
  /** From the first record on, as packed as it came. */
  readonly body: Buffer
}

/** Whole batches; a fetch may cut the last one short, which is left out. Throws when a checksum is wrong. */
export function* readRecordBatches(bytes: Buffer): Generator<RecordBatch> {
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const end = at + 12 + bytes.readInt32BE(at + 8)
    if (end > bytes.length) return
    if (bytes.readInt8(at + 16) !== 2) throw new Error('its message format is older than 2')
    if (crc32c(bytes, at + ATTRIBUTES_AT, end) !== bytes.readInt32BE(at + CRC_AT))
      throw new Error('the checksum of a record batch is wrong')
    const firstOffset = Number(bytes.readBigInt64BE(at))
    yield {
      firstOffset,
      endOffset: firstOffset + bytes.readInt32BE(at + 23) + 1,
      attributes: bytes.readInt16BE(at + ATTRIBUTES_AT),
      maxTimestampMs: Number(bytes.readBigInt64BE(at + 35)),
      producerId: bytes.readBigInt64BE(at + 43),
      records: bytes.readInt32BE(at + 57),
      body: bytes.subarray(at + HEAD_BYTES, end),
    }
    at = end
  }
}

/** What unpacks a body; by the number in the attributes. */
export type Unpack = (compression: number, body: Buffer) => Buffer

export interface UnpackedRecord {
  readonly offset: number
  /** Empty where the record has none. */
  readonly value: Buffer
  /** Of the header that was asked for. */
  readonly header: Buffer | undefined
}

export function* readRecords(batch: RecordBatch, unpack: Unpack, header: string): Generator<UnpackedRecord> {
  const compression = batch.attributes & ATTRIBUTES.compression
  const cursor = new Cursor(compression === 0 ? batch.body : unpack(compression, batch.body))
  for (let record = 0; record < batch.records; record++) {
    const end = cursor.readVarint() + cursor.at
    cursor.at += 1
    cursor.skipVarint()
    const offset = batch.firstOffset + cursor.readVarint()
    cursor.readBytes()
    const value = cursor.readBytes()
    yield { offset, value, header: cursor.readHeader(header) }
    cursor.at = end
  }
}

class Cursor {
  readonly #bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  readVarint(): number {
    let [value, scale] = [0, 1]
    for (;;) {
      const byte = this.#bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 128
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  skipVarint(): void {
    while (this.#bytes[this.at++]! >= 0x80);
  }

  readBytes(): Buffer {
    const length = Math.max(this.readVarint(), 0)
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  readHeader(wanted: string): Buffer | undefined {
    for (let left = this.readVarint(); left > 0; left--) {
      const name = this.readBytes()
      const value = this.readBytes()
      if (name.toString('latin1') === wanted) return value
    }
    return undefined
  }
}
