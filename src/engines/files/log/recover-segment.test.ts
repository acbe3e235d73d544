/** Which batches of a segment count after a crash. */
import { expect, it } from 'vitest'
import { printBatchHeader, printSegmentHeader, SEGMENT_HEADER_BYTES, seedOf } from './batch-format.ts'
import { recoverBytes } from './recover-segment.ts'

const incarnation = 'ab'.repeat(16)
const seed = seedOf(incarnation)
const observedMs = 5

function batch(firstOffset: number, groupStart: number): Buffer {
  const body = Buffer.from('line\n')
  const header = printBatchHeader(
    { groupStart, firstOffset, lines: 1, observedMs, context: undefined },
    [body],
    {
      ...{ idempotency: undefined, seed },
    },
  )
  return Buffer.concat([header, body])
}

it('are those that follow one another: what skips offsets is a tail that nobody was told of', () => {
  const header = printSegmentHeader({ incarnation, firstOffset: 3, observedMs })
  const first = batch(3, SEGMENT_HEADER_BYTES)
  const place = SEGMENT_HEADER_BYTES + first.length
  const offsetsWith = (next: number) => {
    const { batches, length, tornBytes } = recoverBytes(
      Buffer.concat([header, first, batch(next, place)]),
      'web.log',
    )!
    return { offsets: batches.map(({ firstOffset }) => firstOffset), length, tornBytes }
  }
  expect(offsetsWith(4)).toEqual({ offsets: [3, 4], length: place + first.length, tornBytes: 0 })
  for (const next of [3, 5, 900])
    expect(offsetsWith(next)).toEqual({ offsets: [3], length: place, tornBytes: first.length })
})
