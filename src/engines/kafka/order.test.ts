/** The order of lines on disk: read back as it was written, torn at every byte, damaged, trimmed and moved. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KeyIndex } from '../../log/key-index.ts'
import type { IdempotencyKey } from '../../ports/log.ts'
import { type NewEntry, type NewOrder, Order } from './order.ts'
import { ORDER_FILE } from './order-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-order-'))
})
afterEach(() => rm(folder, { recursive: true }))

const create = (more: Pick<NewOrder, 'keys'> = {}) =>
  Order.create(folder, {
    ...{ topic: 't', topicId: 'id', incarnation: 'abc', firstOffset: 100, floorMs: 5 },
    ...more,
  })
const entry = (partition: number, firstRecord: number, lines: number): NewEntry => {
  return { partition, firstRecord, endRecord: firstRecord + lines, lines, observedMs: 10, bytes: 7 }
}
const key: IdempotencyKey = { scope: 's', key: 'k', digest: Buffer.alloc(32, 7) }

async function reopen(order: Order): Promise<Order> {
  await order.close()
  return (await Order.open(folder))!
}

it('gives offsets without a gap, and keeps them with positions and keys', async () => {
  let order = await create()
  await order.add([entry(0, 40, 3), entry(1, 7, 2)], ([first]) => [
    {
      key,
      appended: { firstOffset: first!.firstOffset, endOffset: 103, observedMs: 10, isDuplicate: false },
    },
  ])
  await order.add([entry(0, 60, 1)], () => [])
  for (let round = 0; round < 2; round++) {
    expect(order.entries.map(({ firstOffset, partition }) => [firstOffset, partition])).toEqual([
      [100, 0],
      [103, 1],
      [105, 0],
    ])
    expect([...order.positions]).toEqual([
      [0, 61],
      [1, 9],
    ])
    expect(order).toMatchObject({ startOffset: 100, endOffset: 106, lastObservedMs: 10, lineBytes: 21 })
    expect(order.keys.find(key, 20)).toMatchObject({ firstOffset: 100, endOffset: 103 })
    expect(order.from(104, 1)).toMatchObject([{ firstOffset: 103 }])
    order = await reopen(order)
  }
  await order.close()
})

it('has the keys of batches that only the archive knows, also once it was read again', async () => {
  const other = { ...key, key: 'other' }
  const known = new KeyIndex()
  known.add(key, { firstOffset: 90, endOffset: 92, observedMs: 10, isDuplicate: false })
  let order = await create({ keys: known.print() })
  known.add(other, { firstOffset: 92, endOffset: 93, observedMs: 10, isDuplicate: false })
  order = await reopen(order)
  expect(order.keys.find(key, 20)).toMatchObject({ firstOffset: 90, endOffset: 92 })
  await order.learnKeys(known.print())
  order = await reopen(order)
  expect(order.keys.find(other, 20)).toMatchObject({ firstOffset: 92, endOffset: 93 })
  expect(order.keys.below(92)).toMatchObject({ keys: 1, lastMs: 10 })
  await order.close()
})

it('cuts off what was torn at any byte, and refuses damage before it', async () => {
  const order = await create()
  await order.add([entry(0, 0, 3)], () => [])
  await order.close()
  const path = join(folder, ORDER_FILE)
  const before = await readFile(path)
  const whole = (await Order.open(folder))!
  await whole.add([entry(0, 3, 2)], () => [])
  await whole.close()
  const after = await readFile(path)
  for (let length = before.length; length < after.length; length++) {
    await writeFile(path, after.subarray(0, length))
    const torn = (await Order.open(folder))!
    expect(torn.endOffset).toBe(103)
    await torn.add([entry(0, 3, 2)], () => [])
    await torn.close()
    expect(await readFile(path)).toEqual(after)
  }
  after[before.length - 5]! ^= 1
  await writeFile(path, after)
  await expect(Order.open(folder)).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
})

it('keeps which records are not believed, also when the file is written again', async () => {
  let order = await create()
  await order.distrust(
    new Map([
      [0, 5],
      [1, 9],
    ]),
  )
  await order.distrust(new Map([[1, 12]]))
  order = await reopen(order)
  expect([...order.distrusted]).toEqual([
    [0, 5],
    [1, 12],
  ])
  // Records of another topic are other ones.
  await order.moveTo('other', 'id2')
  order = await reopen(order)
  expect(order.distrusted.size).toBe(0)
  await order.close()
})

it('gives up whole entries, skips what others archived, and moves when nothing is held', async () => {
  let order = await create()
  await order.add([entry(0, 0, 3), entry(0, 3, 3)], () => [])
  await order.trim(104)
  expect(order).toMatchObject({ startOffset: 103, endOffset: 106, lineBytes: 7 })
  order = await reopen(order)
  expect(order).toMatchObject({ startOffset: 103, endOffset: 106, lineBytes: 7 })
  // Even where it was ahead before.
  await order.skipTo(200, 9)
  order = await reopen(order)
  expect(order).toMatchObject({ startOffset: 200, endOffset: 200, lineBytes: 0, lastObservedMs: 9 })
  await order.moveTo('other', 'id2')
  await order.add([entry(0, 0, 2)], () => [])
  order = await reopen(order)
  expect(order).toMatchObject({ topic: 'other', startOffset: 200, endOffset: 202, incarnation: 'abc' })
  expect([...order.positions]).toEqual([[0, 2]])
  await order.close()
})

it('gives up lines whose records are gone, from the start on for good, and keeps what was cut', async () => {
  let order = await create()
  await order.add([entry(0, 0, 2), entry(1, 0, 3), entry(0, 2, 2), entry(1, 3, 1)], () => [])
  await order.noteHeld(new Map([[1, 3]]))
  expect(order).toMatchObject({ startOffset: 100, gone: [{ fromOffset: 102, endOffset: 105 }] })
  expect(order.from(100, 1000)).toMatchObject([{ firstOffset: 100 }])
  expect(order.from(103, 1000)).toEqual([])
  // A batch that is there in part is read whole.
  await order.noteHeld(new Map([[0, 3]]))
  expect(order).toMatchObject({ startOffset: 105, gone: [] })
  order = await reopen(order)
  expect(order.startOffset).toBe(105)

  const ends = new Map([[1, 3]])
  await order.noteHeld(new Map(), ends)
  expect(order).toMatchObject({ gone: [{ fromOffset: 107, endOffset: 108 }] })
  expect(order.endOfCut(ends)).toBe(108)
  await order.cut(ends)
  await order.add([entry(1, 3, 5)], () => [])
  for (let round = 0; round < 2; round++) {
    expect(order).toMatchObject({ gone: [{ fromOffset: 107, endOffset: 108 }], endOffset: 113 })
    expect(order.from(108, 1)).toMatchObject([{ partition: 1, firstRecord: 3 }])
    order = await reopen(order)
    await order.noteHeld(new Map())
  }
  await order.close()
})

it('keeps which records need no place', async () => {
  let order = await create()
  await order.add([entry(0, 0, 2)], () => [])
  await order.notePositions(
    new Map([
      [0, 1],
      [1, 7],
    ]),
  )
  order = await reopen(order)
  expect([...order.positions]).toEqual([
    [0, 2],
    [1, 7],
  ])
  await order.close()
})

it('adds nothing to a file that was put in its place meanwhile', async () => {
  const order = await create()
  const copy = await readFile(join(folder, ORDER_FILE))
  await rm(join(folder, ORDER_FILE))
  await writeFile(join(folder, ORDER_FILE), copy)
  await expect(order.add([entry(0, 0, 2)], () => [])).rejects.toMatchObject({ code: 'LOG_FILE_GONE' })
  await order.close()
})
