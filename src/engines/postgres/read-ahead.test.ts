import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { readAhead } from './read-ahead.ts'

const piece = (value: number) => Uint8Array.of(value, value)

async function collect(lines: AsyncIterable<Uint8Array>): Promise<number[]> {
  const values: number[] = []
  for await (const [value] of lines) values.push(value!)
  return values
}

it('makes lines before they are asked for, up to its room, and gives all of them in order', async () => {
  let made = 0
  async function* source() {
    for (let value = 0; value < 10; value++) {
      made++
      yield piece(value)
    }
  }
  const ahead = readAhead(source(), 5)
  await sleep(5)
  expect(made).toBe(3)
  expect(await collect(ahead)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it('waits for a slow source', async () => {
  async function* source() {
    for (let value = 0; value < 3; value++) {
      await sleep(2)
      yield piece(value)
    }
  }
  expect(await collect(readAhead(source(), 100))).toEqual([0, 1, 2])
})

it('fails after what came before the failure, and in silence when nobody asks', async () => {
  async function* source() {
    yield piece(1)
    throw new Error('cut off')
  }
  const seen: number[] = []
  const reading = (async () => {
    for await (const [value] of readAhead(source(), 100)) seen.push(value!)
  })()
  await expect(reading).rejects.toThrow('cut off')
  expect(seen).toEqual([1])
  readAhead(source(), 100)
  await sleep(5)
})
