/**
 * Spark and the embedded engine against the model on random (definition, lines) pairs, many in one application. Most
 * applications interpret expressions, since to compile each statement takes a quarter of the time; some compile them, as
 * Spark does by default, and the other tests compile all.
 * MILLRACE_SPARK_PAIRS sets their number, MILLRACE_SEED the first seed; a failure prints the seed and the lines.
 */
import { describe, expect, it } from 'vitest'
import { acceptedWorld } from '../model/accepted-world.ts'
import { compareResults, showRejects } from '../model/compare-results.ts'
import { engineResult, readReject } from '../model/engine-result.ts'
import { type World, worldText } from '../model/random-world.ts'
import { splitLines } from '../model/read-line.ts'
import { type ReadLine, readLines, tallyModel } from '../model/tally-model.ts'
import { bytesInput, defineText, type OpenEngine, Pipeline } from '../pipeline.ts'
import { localSpark } from './local-spark.ts'

const PAIRS = Number(process.env.MILLRACE_SPARK_PAIRS ?? 300)
const FIRST_SEED = Number(process.env.MILLRACE_SEED ?? 1)
const METRICS = 10
/** Of one application: with three times as many its script would be too large for the driver. */
const WORLDS_AT_ONCE = 11
/** One application in so many. */
const COMPILED = 3
const INTERPRETED = {
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
  'spark.sql.adaptive.enabled': 'false',
}

/** A few more, for the metrics that are refused. */
const worlds = PAIRS === 1 ? 1 : Math.ceil((PAIRS * 1.02) / METRICS)
const seen = { pairs: 0, refused: 0, lines: 0, rejected: 0 }

describe(`Spark, the embedded engine and the model on ${PAIRS} pairs`, () => {
  for (let from = 0; from < worlds; from += WORLDS_AT_ONCE) {
    const seeds = Array.from(
      { length: Math.min(WORLDS_AT_ONCE, worlds - from) },
      (_, index) => FIRST_SEED + from + index,
    )
    const isCompiled = (from / WORLDS_AT_ONCE) % COMPILED === 0
    it(`agree for seeds ${seeds[0]} to ${seeds.at(-1)}, ${isCompiled ? 'compiled' : 'interpreted'}`, async () => {
      const differences = await compareSeeds(seeds, isCompiled ? {} : INTERPRETED)
      console.log(
        `seeds ${seeds[0]} to ${seeds.at(-1)}: ${differences.length} differences; so far ${JSON.stringify(seen)}`,
      )
      expect(differences).toEqual([])
    }, 3_600_000)
  }

  it('met enough of everything on Spark', () => {
    expect(seen.pairs).toBeGreaterThanOrEqual(PAIRS)
    expect(seen.rejected).toBeGreaterThan(seen.lines * 0.02)
    expect(seen.rejected).toBeLessThan(seen.lines * 0.5)
  })
})

/** A world under names of its own, its lines read by the model. */
interface Trial {
  readonly world: World
  readonly lines: readonly ReadLine[]
}

async function compareSeeds(
  seeds: readonly number[],
  conf: Readonly<Record<string, string>>,
): Promise<string[]> {
  const trials = seeds.map(prepareTrial)
  const embedded = await compareEngine('duckdb', trials)
  const spark = await compareEngine('spark', trials, localSpark(conf))
  return [...embedded, ...spark]
}

function prepareTrial(seed: number): Trial {
  const { world, refused } = acceptedWorld(seed, METRICS)
  const source = { ...world.source, name: `src${seed}` }
  const metrics = world.metrics.map((metric) => ({ ...metric, name: `seed${seed}.${metric.name}` }))
  const lines = readLines(source, splitLines(world.bytes))
  seen.pairs += metrics.length
  seen.refused += refused
  seen.lines += lines.length
  seen.rejected += lines.filter((line) => 'reason' in line).length
  return { world: { ...world, source, metrics }, lines }
}

/** Every difference from the model, with what is needed to see it again. */
async function compareEngine(
  name: string,
  trials: readonly Trial[],
  openEngine?: OpenEngine,
): Promise<string[]> {
  const pipeline = new Pipeline(defineWorlds(trials), {}, openEngine)
  try {
    for (const { world } of trials) {
      const { referenceMs } = world.source.time
      const facts = referenceMs === undefined ? {} : { facts: { referenceMs } }
      await pipeline.ingest(world.source.name, { ...bytesInput(world.bytes), ...facts })
    }
    await pipeline.stage()
    const differences: string[] = []
    for (const trial of trials) {
      const texts = await differencesOf(pipeline, trial)
      if (texts.length > 0) differences.push(describeTrial(name, trial.world, texts))
    }
    return differences
  } finally {
    pipeline.remove()
  }
}

function defineWorlds(trials: readonly Trial[]) {
  const texts = trials.map(({ world }) => JSON.parse(worldText(world)))
  const sources = Object.assign({}, ...texts.map((text) => text.sources))
  const metrics = Object.assign({}, ...texts.map((text) => text.metrics))
  return defineText(JSON.stringify({ sources, metrics }))
}

async function differencesOf(pipeline: Pipeline, { world, lines }: Trial): Promise<string[]> {
  const rejects = lines.flatMap((line) => ('reason' in line ? [{ ...line, field: null }] : []))
  const staged = (await pipeline.stagedRejects(world.source.name)).filter((row) => row.metric === null)
  const [expected, found] = [showRejects(rejects), showRejects(staged.map(readReject))]
  const differences = expected === found ? [] : [`source rejects: model ${expected}, engine ${found}`]
  for (const metric of world.metrics) {
    const model = tallyModel(world.source, metric, lines)
    const texts = compareResults(model, await engineResult(pipeline, metric.name))
    differences.push(...texts.map((text) => `${metric.name}: ${text}`))
  }
  return differences
}

function describeTrial(engine: string, world: World, texts: readonly string[]): string {
  const lines = splitLines(world.bytes).map(
    (line, offset) => `${offset} ${JSON.stringify(line.toString('latin1'))}`,
  )
  const differing = world.metrics.filter(({ name }) => texts.some((text) => text.startsWith(`${name}: `)))
  return [
    `${engine}: MILLRACE_SEED=${world.seed} MILLRACE_SPARK_PAIRS=1`,
    ...texts.slice(0, 10),
    ...differing.map((metric) => JSON.stringify(metric)),
    'lines (latin1):',
    ...lines,
  ].join('\n')
}
