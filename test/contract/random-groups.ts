/** Random partials for report suites: awkward dimension values, missing measures, windows before and after 1970. */
import { bucketOf } from '../../src/core/quantile-bucket.ts'
import type { Dimensions, Group } from './report-fixture.ts'

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const SERVICES = ['api', 'Api', '', null, "o'brien", 'ä', 'z\u{1F600}', '\uFFFD', 'a"b\\c\n', 'null']
const CODES = [null, -1n, 0n, 404n, 2n ** 63n - 1n, -(2n ** 63n)]
const LOADS = [null, -1500n, 0n, 999_999_999_999_999_999n]
const CACHED = [null, true, false]
const MINUTE = 60_000

/** At most `count` groups, each window and series once. */
export function randomGroups(random: () => number, count: number): Group[] {
  const groups = new Map<string, Group>()
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  while (groups.size < count) {
    const windowMs = Math.floor((random() - 0.3) * 90) * MINUTE
    const dimensions: Dimensions = [pick(SERVICES), pick(CODES), pick(LOADS), pick(CACHED)]
    groups.set(`${windowMs} ${dimensions.map(String).join('|')} ${dimensions[0] === null}`, {
      windowMs,
      dimensions,
      ...randomTallies(random),
    })
  }
  return [...groups.values()]
}

function randomTallies(random: () => number): Omit<Group, 'windowMs' | 'dimensions'> {
  const int = (most: number) => Math.floor(random() * most)
  const valued = random() < 0.15 ? 0 : 1 + int(9)
  const exact = () => (valued === 0 ? null : BigInt(int(2_000_000) - 1_000_000))
  const pairs = (keys: () => number, value: () => number) =>
    valued === 0 ? [] : [...new Map(Array.from({ length: 1 + int(6) }, () => [keys(), value()] as const))]
  return {
    records: valued + int(4) + (valued === 0 ? 1 : 0),
    valued,
    most: exact(),
    least: exact(),
    sum: exact(),
    heat: valued === 0 ? null : int(1000) - 500,
    buckets: pairs(
      () => bucketOf(BigInt(int(100_000)) - 20_000n),
      () => 1 + int(20),
    ),
    registers: pairs(
      () => int(16),
      () => 1 + int(53),
    ),
  }
}
