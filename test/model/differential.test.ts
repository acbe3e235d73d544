/**
 * The engine against the model on random (definition, lines) pairs. MILLRACE_PAIRS sets their number,
 * MILLRACE_SEED the first seed; a failure prints the seed and the fewest lines that show it.
 */
import { describe, expect, it } from 'vitest'
import { printContext } from '../../src/core/line-context.ts'
import { defineText, type Pipeline, withStaged } from '../pipeline.ts'
import { randomShare } from '../turn.ts'
import { acceptedWorld } from './accepted-world.ts'
import { compareResults, showRejects } from './compare-results.ts'
import { engineResult, readReject } from './engine-result.ts'
import { type World, worldText } from './random-world.ts'
import { splitLines } from './read-line.ts'
import { readLines, tallyModel } from './tally-model.ts'

const { count: PAIRS, seed: FIRST_SEED } = randomShare('MILLRACE_PAIRS', 2000, 4)
const METRICS = 10
const CHUNK = 20

/** A few more, for the metrics that are refused. */
const worlds = PAIRS === 1 ? 1 : Math.ceil((PAIRS * 1.02) / METRICS)
const seen = { pairs: 0, refused: 0, lines: 0, rejected: 0, fieldErrors: 0 }

describe(`model and engine on ${PAIRS} pairs`, () => {
  for (let from = 0; from < worlds; from += CHUNK) {
    const seeds = Array.from(
      { length: Math.min(CHUNK, worlds - from) },
      (_, index) => FIRST_SEED + from + index,
    )
    it(`agree for seeds ${seeds[0]} to ${seeds.at(-1)}`, async () => {
      for (const seed of seeds) await checkSeed(seed)
    }, 600_000)
  }

  it('met enough of everything', () => {
    console.log(`differential: ${JSON.stringify(seen)}`)
    expect(seen.pairs).toBeGreaterThanOrEqual(PAIRS)
    expect(seen.rejected + seen.fieldErrors).toBeGreaterThan(seen.lines * 0.1)
    expect(seen.rejected).toBeLessThan(seen.lines * 0.5)
  })
})

async function checkSeed(seed: number): Promise<void> {
  const { world, refused } = acceptedWorld(seed, METRICS)
  seen.refused += refused
  const differences = await compareWorld(world)
  seen.pairs += world.metrics.length
  if (differences.length === 0) return
  const small = await reduce(world, differences[0]!.metric)
  const remaining = await compareWorld(small)
  const lines = splitLines(small.bytes).map((line) => JSON.stringify(line.toString('latin1')))
  const texts = remaining.map(({ metric, text }) => `${metric}: ${text}`)
  throw new Error(
    `MILLRACE_SEED=${seed} MILLRACE_PAIRS=1\n${texts.join('\n')}\nlines (latin1):\n${lines.join('\n')}\n${worldText(small)}`,
  )
}

interface Difference {
  readonly metric: string
  readonly text: string
}

async function compareWorld(world: World): Promise<Difference[]> {
  const raw = splitLines(world.bytes)
  const lines = readLines(world.source, raw)
  const rejects = lines.flatMap((line) => ('reason' in line ? { ...line, field: null } : []))
  seen.lines += lines.length
  seen.rejected += rejects.length
  const { referenceMs } = world.source.time
  const context = referenceMs === undefined ? undefined : printContext({ referenceMs })
  const compare = async (pipeline: Pipeline) => {
    const staged = (await pipeline.stagedRejects('src')).filter((row) => row.metric === null)
    const [expected, found] = [showRejects(rejects), showRejects(staged.map(readReject))]
    const differences: Difference[] = []
    if (expected !== found)
      differences.push({
        metric: world.metrics[0]!.name,
        text: `source rejects: model ${expected}, engine ${found}`,
      })
    for (const metric of world.metrics) {
      const model = tallyModel(world.source, metric, lines)
      seen.fieldErrors += model.rejects.length / world.metrics.length
      const texts = compareResults(model, await engineResult(pipeline, metric.name))
      differences.push(...texts.map((text) => ({ metric: metric.name, text })))
    }
    return differences
  }
  return withStaged(defineText(worldText(world)), 'src', [raw], compare, context)
}

/** Keeps one metric, then drops lines, halves first, as long as a difference remains. */
async function reduce(world: World, metric: string): Promise<World> {
  let best: World = { ...world, metrics: world.metrics.filter(({ name }) => name === metric) }
  const lines = () => splitLines(best.bytes)
  for (let size = Math.ceil(lines().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < lines().length && lines().length > 1; ) {
      const fewer = lines().filter((_, index) => index < at || index >= at + size)
      const bytes = Buffer.concat(fewer.flatMap((line) => [line, Buffer.from('\n')]))
      const isStill = fewer.length > 0 && (await compareWorld({ ...best, bytes })).length > 0
      if (isStill) best = { ...best, bytes }
      else at += size
    }
  }
  return best
}
