import { expect, it } from 'vitest'
import { PartialRows } from './partial-rows.ts'

const row = (values: object) =>
  Buffer.from(JSON.stringify({ e: 'mine', t: '0', p: 0, c: 5, b: 0, w: 0, n: 1, ...values }))

it('passes over what no job wrote, and counts it', () => {
  const rows = new PartialRows('mine')
  for (const text of ['', 'no JSON', 'null', '[]', '7', '{"e":"mine"}']) rows.add(Buffer.from(text))
  rows.add(row({ n: '1' }))
  rows.add(row({ c: 1.5 }))
  expect(rows.strange).toBe(8)
  expect(rows.bytes).toBe(0)
})

it('takes no row of another deployment, which may have counted the same records', () => {
  const rows = new PartialRows('mine')
  rows.add(row({ e: 'of another', n: 9 }))
  expect([rows.chunk(0, 5), rows.bytes]).toEqual([undefined, 0])
  rows.add(row({}))
  // Of a window that ours has too, with more records; of another one; and of another chunk.
  for (const other of [{ n: 9 }, { w: 60_000 }, { c: 6 }]) rows.add(row({ e: 'of another', ...other }))
  expect(rows.chunk(0, 5)!.recordsOf('0')).toBe(1)
  expect([rows.chunk(0, 6), rows.bytes]).toEqual([undefined, row({}).length])
  // A job wrote them, though not ours.
  expect(rows.strange).toBe(0)
})

it('of rows with one key takes the furthest, whatever their order', () => {
  const rows = new PartialRows('mine')
  for (const n of [2, 7, 3]) rows.add(row({ n }))
  const chunk = rows.chunk(0, 5)!
  expect(chunk.rowsOf('0').map(({ n }) => n)).toEqual([7])
  expect(chunk.recordsOf('0')).toBe(7)
})

it('knows what it holds, and gives up chunks that were added', () => {
  const rows = new PartialRows('mine')
  for (const c of [5, 6, 7]) rows.add(row({ c }))
  const each = row({}).length
  expect(rows.bytes).toBe(3 * each)
  rows.drop(7)
  expect(rows.bytes).toBe(each)
  expect(rows.chunk(0, 6)).toBeUndefined()
  rows.add(row({ c: 6 }))
  expect(rows.bytes).toBe(each)
})
