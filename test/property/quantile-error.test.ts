/** Quantiles of a query stay within 1 % of the exact nearest-rank value, whatever the distribution. */
import { describe, expect, it } from 'vitest'
import { Random } from '../model/random.ts'
import { withPipeline } from '../pipeline.ts'
import { parseCsv } from '../real/check-answer.ts'

const RANKS = ['0.01', '0.25', '0.5', '0.9', '0.95', '0.99', '0.999', '1']

/** Name → one value of a field with three decimals. */
const DISTRIBUTIONS: Readonly<Record<string, (random: Random) => number>> = {
  uniform: (random) => random.next() * 1000,
  exponential: (random) => -Math.log(1 - random.next()) * 50,
  'log-normal': (random) => Math.exp(normal(random) * 2 + 3),
  pareto: (random) => Math.min(1e9, (1 - random.next()) ** (-1 / 1.1)),
  negative: (random) => -Math.exp(normal(random)),
  'around zero': (random) => normal(random) * 10,
  'two peaks': (random) => (random.chance(0.9) ? 1 + random.next() : 10_000 + random.next()),
  constant: () => 123.456,
  tiny: (random) => random.int(0, 150) / 1000,
  'powers of ten': (random) => 10 ** random.int(-3, 11),
  'three values': (random) => random.pick([0, 5, 1e12]),
  huge: (random) => random.next() * 9e14,
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

const DEFINITION = JSON.stringify({
  sources: { src: { format: 'json', time: 'ts', fields: { name: 'string', value: 'decimal(3)' } } },
  metrics: {
    spread: {
      source: 'src',
      window: '1m',
      dimensions: { name: 'name' },
      measures: { v: 'quantiles(value)' },
    },
  },
})

describe('quantiles', () => {
  it('are within 1 % of the exact nearest rank, merged over windows', async () => {
    const random = new Random(42)
    const values = new Map<string, bigint[]>()
    const lines: string[] = []
    for (const [name, draw] of Object.entries(DISTRIBUTIONS)) {
      for (const size of [1, 2, 7, 100, 1501]) {
        const set = Array.from({ length: size }, () => BigInt(Math.round(draw(random) * 1000)))
        values.set(
          `${name} ${size}`,
          set.sort((a, b) => (a < b ? -1 : 1)),
        )
        for (const value of set) lines.push(lineOf(random, `${name} ${size}`, value))
      }
    }
    await withPipeline(DEFINITION, { src: [lines.join('\n')] }, async (pipeline) => {
      const { header, rows } = parseCsv(await pipeline.queryCsv('spread', { step: '1d', quantiles: RANKS }))
      expect(rows).toHaveLength(values.size)
      for (const row of rows)
        checkRow(row[1]!, row.slice(2).map(toScaled), values.get(row[1]!)!, header.slice(2))
    })
  })
})

/** Stamps spread over an hour, so that windows must be merged. */
function lineOf(random: Random, name: string, scaled: bigint): string {
  const ts = new Date(Date.UTC(2024, 2, 5) + random.int(0, 3_599_999)).toISOString()
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(4, '0')
  const value = `${scaled < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`
  return JSON.stringify({ ts, name, value })
}

function toScaled(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(3, '0'))
}

function checkRow(
  name: string,
  found: readonly bigint[],
  sorted: readonly bigint[],
  header: readonly string[],
): void {
  for (const [index, rank] of RANKS.entries()) {
    const exact = sorted[Math.max(0, Math.ceil(Number(rank) * sorted.length - 1e-9) - 1)]!
    const [error, size] = [found[index]! - exact, exact < 0n ? -exact : exact]
    const isNear = (error < 0n ? -error : error) * 100n <= size
    expect(isNear, `${header[index]} of ${name}: ${found[index]}, exactly ${exact}`).toBe(true)
  }
}
