/** Record batches are read back as they were printed, and by the client's own reader. */
import { Reader, readRecordsBatch, crc32c as theirs } from '@platformatic/kafka'
import { expect, it } from 'vitest'
import { printRecordBatch, readRecordBatches, readRecords } from './record-batch.ts'

const unpack = () => {
  throw new Error('nothing is packed')
}
const by = { producerId: 77n, producerEpoch: 3, sequence: 12 }

function printed(values: readonly string[]): Buffer {
  const text = Buffer.from(values.map((value) => `${value}\n`).join(''))
  const headers = new Map([[0, Buffer.from('{"a":1}')]])
  const batch = {
    text,
    lines: values.length,
    timestampMs: 1_700_000_000_123,
    headers,
    headerName: 'millrace',
  }
  return printRecordBatch(batch, by)
}

const values = ['one', '', 'x'.repeat(100_000), 'ü\r', ...Array.from({ length: 300 }, (_, i) => `line ${i}`)]

it('reads back what it printed', () => {
  const [batch] = readRecordBatches(printed(values))
  expect(batch).toMatchObject({ firstOffset: 0, endOffset: values.length, maxTimestampMs: 1_700_000_000_123 })
  const records = [...readRecords(batch!, unpack, 'millrace')]
  expect(records.map(({ value }) => value.toString())).toEqual(values)
  expect(records.map(({ offset }) => offset)).toEqual(values.map((_, index) => index))
  expect(records[0]!.header?.toString()).toBe('{"a":1}')
  expect(records[1]!.header).toBeUndefined()
})

it('prints what another reader understands, with the right checksum', () => {
  const bytes = printed(values)
  const batch = readRecordsBatch(Reader.from(bytes))
  expect(batch.records.map(({ value }) => value?.toString())).toEqual(values)
  expect(batch).toMatchObject({ producerId: 77n, producerEpoch: 3, firstSequence: 12, magic: 2 })
  expect(batch.crc).toBe(theirs(bytes.subarray(21)))
})

it('leaves a batch out that is cut short, and refuses one that is damaged', () => {
  const bytes = printed(['a', 'b'])
  expect([...readRecordBatches(Buffer.concat([bytes, bytes.subarray(0, 40)]))]).toHaveLength(1)
  bytes[bytes.length - 3]! ^= 1
  expect(() => [...readRecordBatches(bytes)]).toThrow('checksum')
})
