/** Record batches of transactions as a fetch gives them: what was aborted never counts, what follows it does. */
import { expect, it } from 'vitest'
import { crc32c } from '../../archive/crc32c.ts'
import { committedBatches } from './committed-batches.ts'
import { ATTRIBUTES, printRecordBatch } from './record-batch.ts'

const CRC_AT = 17
const ATTRIBUTES_AT = 21
const [ABORT, COMMIT] = [0, 1]

/** Records of a producer's transaction, from an offset on. */
function records(producerId: bigint, offset: number, lines = 2): Buffer {
  const text = Buffer.from('x\n'.repeat(lines))
  const batch = { text, lines, timestampMs: 1000, headers: new Map(), headerName: 'h' }
  const bytes = Buffer.from(printRecordBatch(batch, { producerId, producerEpoch: 0, sequence: 0 }))
  bytes.writeBigInt64BE(BigInt(offset), 0)
  return bytes
}

/** The marker that ends one: a control batch of one record, whose key is a version and a type (KIP-98). */
function marker(producerId: bigint, offset: number, type: number): Buffer {
  const key = Buffer.from([0, 0, 0, type])
  const value = Buffer.from([0, 0, 0, 0, 0, 0])
  const record = Buffer.from([0, 0, 0, key.length * 2, ...key, value.length * 2, ...value, 0])
  const body = Buffer.from([record.length * 2, ...record])
  const bytes = Buffer.concat([records(producerId, offset, 1).subarray(0, 61), body])
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt16BE(ATTRIBUTES.transactional | ATTRIBUTES.control, ATTRIBUTES_AT)
  bytes.writeInt32BE(crc32c(bytes, ATTRIBUTES_AT, bytes.length), CRC_AT)
  return bytes
}

function committed(parts: readonly Buffer[], aborted: readonly [bigint, number][], from = 0) {
  const fetched = { partition: 0, error: undefined, end: 100, start: 0, bytes: Buffer.concat(parts) }
  const names = aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset }))
  const { batches, endRecord } = committedBatches({ ...fetched, aborted: names }, from)
  return { offsets: batches.map(({ firstOffset }) => firstOffset), endRecord }
}

it('leaves out what a producer aborted, and takes what it committed after that', () => {
  const parts = [
    ...[records(7n, 0), records(7n, 2), marker(7n, 4, ABORT)],
    ...[records(7n, 5), marker(7n, 7, COMMIT)],
    ...[records(7n, 8), marker(7n, 10, ABORT)],
  ]
  const aborted: [bigint, number][] = [
    [7n, 8],
    [7n, 0],
  ]
  expect(committed(parts, aborted)).toEqual({ offsets: [5], endRecord: 11 })
})

it('tells producers apart whose transactions lie between one another', () => {
  const parts = [
    ...[records(7n, 0), records(8n, 2), records(7n, 4), records(8n, 6)],
    ...[marker(8n, 8, COMMIT), marker(7n, 9, ABORT), records(8n, 10), records(7n, 12)],
    ...[marker(7n, 14, COMMIT), marker(8n, 15, ABORT)],
  ]
  const aborted: [bigint, number][] = [
    [7n, 0],
    [8n, 10],
  ]
  expect(committed(parts, aborted)).toEqual({ offsets: [2, 6, 12], endRecord: 16 })
})

it('takes what no transaction was, and begins at the offset', () => {
  expect(committed([records(7n, 0), records(7n, 2), marker(7n, 4, COMMIT)], [], 2)).toEqual({
    ...{ offsets: [2], endRecord: 5 },
  })
})
