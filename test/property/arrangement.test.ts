/**
 * Whatever order the lines stand in, and however they are split into ingests and so into blocks, the staged
 * partials and the report's rows are the same, bit for bit. MILLRACE_CASES sets the number of cases.
 */
import { describe, expect, it } from 'vitest'
import { Random } from '../model/random.ts'
import { randomLine } from '../model/random-line.ts'
import { randomWorld, type World, worldText } from '../model/random-world.ts'
import { splitLines } from '../model/read-line.ts'
import { defineText, type Pipeline, withPipeline } from '../pipeline.ts'
import { ALL_AGGREGATES } from './all-aggregates.ts'

const CASES = Number(process.env.MILLRACE_CASES ?? 1000)
const FIRST_SEED = Number(process.env.MILLRACE_SEED ?? 1)
/** Arrangements that are compared with the plain order of one set of lines. */
const ARRANGEMENTS = 20
const worlds = Math.ceil(CASES / ARRANGEMENTS)

describe(`${worlds * ARRANGEMENTS} arrangements of lines`, () => {
  const step = 10
  for (let from = 0; from < worlds; from += step) {
    const seeds = Array.from(
      { length: Math.min(step, worlds - from) },
      (_, index) => FIRST_SEED + from + index,
    )
    it(`give equal rows, seeds ${seeds[0]} to ${seeds.at(-1)}`, async () => {
      for (const seed of seeds) await checkWorld(exactWorld(seed))
    })
  }
})

/** JSON lines, and a metric of every exact aggregate; float sums are outside bit-equality by design. */
function exactWorld(seed: number): World {
  const random = new Random(seed * 7919)
  const world = randomWorld(seed, 0)
  const lines = Array.from({ length: random.int(1, 40) }, () =>
    randomLine(random, world.source, random.chance(0.2)),
  )
  const isFramed = (line: Buffer) => !line.includes(10) && !(line.at(-1) === 13) && line[0] !== 0xef
  const bytes = Buffer.concat(lines.filter(isFramed).flatMap((line) => [line, Buffer.from('\n')]))
  return { ...world, metrics: ALL_AGGREGATES, bytes: bytes.length > 0 ? bytes : Buffer.from('{}\n') }
}

async function checkWorld(world: World): Promise<void> {
  const definition = defineText(worldText(world))
  const plain = await withPipeline(definition, { src: [world.bytes] }, allRows)
  const random = new Random(world.seed)
  for (let index = 0; index < ARRANGEMENTS; index++) {
    const pieces = arrange(random, splitLines(world.bytes))
    const found = await withPipeline(definition, { src: pieces }, allRows)
    expect(
      found,
      `MILLRACE_SEED=${world.seed}, arrangement ${index}: ${JSON.stringify(pieces.map(String))}`,
    ).toEqual(plain)
  }
}

/** The lines shuffled, cut into 1 to 6 pieces; line ends vary. */
function arrange(random: Random, lines: readonly Buffer[]): Buffer[] {
  const pieces: Buffer[][] = Array.from({ length: random.int(1, 6) }, () => [])
  for (const line of random.shuffle(lines))
    random.pick(pieces).push(line, Buffer.from(random.pick(['\n', '\n', '\r\n'])))
  return pieces.filter((piece) => piece.length > 0).map((piece) => Buffer.concat(piece))
}

/** Everything that may not depend on the arrangement: partials, ledger, and reasons of rejection. */
async function allRows(pipeline: Pipeline, record: { ledger: readonly unknown[] }): Promise<unknown> {
  const partials: unknown[] = []
  for (const plan of pipeline.plans.flatMap((each) => each.metrics))
    for (const tally of plan.tallies) partials.push(await pipeline.partials(plan.metric, tally.id))
  const rejects = (await pipeline.stagedRejects('src')).map(
    (row) => `${row.metric} ${row.reason} ${row.field}`,
  )
  return { partials: showBigints(partials), ledger: record.ledger, rejects: rejects.sort() }
}

function showBigints(rows: unknown): string {
  return JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}
