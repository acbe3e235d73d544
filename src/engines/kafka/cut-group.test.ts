/** Groups are cut at lines, keys stay with their first record, and no batch passes what the topic takes. */
import { expect, it } from 'vitest'
import { cutGroup } from './cut-group.ts'
import { parseHeader } from './door-header.ts'
import { printRecordBatch } from './record-batch.ts'

const MOST = 1_100_000
const member = (text: string, key?: string) => {
  const idempotency = key === undefined ? undefined : { scope: 's', key, digest: Buffer.alloc(32, 1) }
  const lines = text.split('\n').length - 1
  return {
    batch: { chunks: [Buffer.from(text)], lines, ...(idempotency && { idempotency }) },
    bytes: text.length,
  }
}
const cut = (...members: ReturnType<typeof member>[]) =>
  cutGroup(members, { observedMs: 1, incarnation: 'abc', firstOffset: 100, mostBytes: MOST })

it('keeps every line once, in order, in batches of a bounded size', () => {
  const texts = [200, 90_000, 1, 30_000].map((lines, part) =>
    Array.from({ length: lines }, (_, line) => `${part}.${line} ${'x'.repeat(line % 50)}\n`).join(''),
  )
  const { batches, members } = cut(
    ...texts.map((text, index) => member(text, index % 2 ? `k${index}` : undefined)),
  )
  expect(batches.map(({ text }) => text.toString()).join('')).toBe(texts.join(''))
  expect(members.map(({ line }) => line)).toEqual([0, 200, 90_200, 90_201])
  let line = 0
  const keys: [number, string, number][] = []
  for (const batch of batches) {
    const printed = printRecordBatch(batch, { producerId: 1n, producerEpoch: 0, sequence: 0 })
    expect(printed.length).toBeLessThanOrEqual(MOST)
    expect(parseHeader(batch.headers.get(0))).toMatchObject({ log: 'abc', turn: 100 + line })
    for (const [at, header] of batch.headers) {
      const { keyed } = parseHeader(header)!
      if (keyed) keys.push([line + at, keyed.key, keyed.lines])
    }
    line += batch.lines
  }
  expect(keys).toEqual([
    [200, 'k1', 90_000],
    [90_201, 'k3', 30_000],
  ])
})

it('gives every batch of records one context, in the header of its first record', () => {
  const contexts = [undefined, '{"a":1}', '{"a":1}', undefined]
  const members = contexts.map((context, index) => {
    const { batch, bytes } = member(`${index}\n`, index === 2 ? 'k' : undefined)
    return { batch: { ...batch, ...(context && { context }) }, bytes }
  })
  const found = cut(...members)
  expect(found.batches.map(({ lines, context }) => [lines, context])).toEqual([
    [1, undefined],
    [2, '{"a":1}'],
    [1, undefined],
  ])
  const headers = found.batches.map((batch) => [...batch.headers.values()].map((one) => parseHeader(one)))
  expect(headers.map(([first]) => first?.context)).toEqual([undefined, '{"a":1}', undefined])
  expect(headers[1]![1]).toMatchObject({ keyed: { key: 'k', lines: 1 }, context: undefined })
})

it('takes a line as long as the topic takes, and puts longer ones back alone', () => {
  const fits = member(`${'y'.repeat(1_060_000)}\n`)
  const tooLong = member(`a\n${'z'.repeat(1_095_000)}\n`)
  const found = cut(member('a\n'), fits, tooLong, member('b\n'))
  expect(found.tooLong).toEqual([tooLong])
  expect(found.batches.map(({ lines }) => lines).reduce((sum, lines) => sum + lines)).toBe(3)
  for (const batch of found.batches)
    expect(
      printRecordBatch(batch, { producerId: 1n, producerEpoch: 0, sequence: 0 }).length,
    ).toBeLessThanOrEqual(MOST)
})
