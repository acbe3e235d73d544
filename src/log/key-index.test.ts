/** How long a batch is known under its key: a day, and while fewer than 100,000 came after it, whichever ends first. */
import { expect, it } from 'vitest'
import type { IdempotencyKey } from '../ports/log.ts'
import { KEY_HORIZON_MS, KeyIndex, MOST_KEYS } from './key-index.ts'

const digest = Buffer.alloc(32, 1)
const keyOf = (key: string): IdempotencyKey => ({ scope: 'web', key, digest })
const appended = (firstOffset: number, observedMs: number) => ({
  ...{ firstOffset, endOffset: firstOffset + 1, observedMs, isDuplicate: false },
})

it('knows a key for a day, then takes it for a new one', () => {
  const keys = new KeyIndex()
  keys.add(keyOf('a'), appended(0, 1000))
  expect(KEY_HORIZON_MS).toBe(86_400_000)
  expect(keys.find(keyOf('a'), 1000 + 86_400_000)).toEqual({ ...appended(0, 1000), isDuplicate: true })
  expect(keys.find(keyOf('a'), 1000 + 86_400_001)).toBeUndefined()
  // It takes no room either, once another comes; nor after a restart.
  keys.add(keyOf('b'), appended(1, 1000 + 86_400_000))
  expect(keys.size).toBe(2)
  keys.add(keyOf('c'), appended(2, 1000 + 86_400_001))
  expect(keys.size).toBe(2)
  const again = new KeyIndex()
  again.load(keys.print())
  expect(again.find(keyOf('a'), 1000)).toBeUndefined()
  expect(again.find(keyOf('b'), 1000 + 86_400_001)).toMatchObject({ firstOffset: 1 })
})

it('knows the last 100,000 keys, however young the ones before are', () => {
  const keys = new KeyIndex()
  expect(MOST_KEYS).toBe(100_000)
  for (let place = 0; place < 100_000; place++) keys.add(keyOf(String(place)), appended(place, 1000))
  expect(keys.find(keyOf('0'), 1000)).toMatchObject({ firstOffset: 0 })
  keys.add(keyOf('100000'), appended(100_000, 1000))
  expect(keys.size).toBe(100_000)
  expect(keys.find(keyOf('0'), 1000)).toBeUndefined()
  expect(keys.find(keyOf('1'), 1000)).toMatchObject({ firstOffset: 1 })
  // Whoever repeats one is not among the oldest any more.
  keys.add(keyOf('1'), appended(100_001, 1000))
  keys.add(keyOf('100001'), appended(100_002, 1000))
  expect(keys.find(keyOf('1'), 1000)).toMatchObject({ firstOffset: 100_001 })
  expect(keys.find(keyOf('2'), 1000)).toBeUndefined()
})
