/** Merging partials is associative, commutative, and has the whole as its result, in the SQL that the engine runs. */
import { describe, expect, it } from 'vitest'
import { TallyPrinter } from '../../src/compile/print-tally.ts'
import { recordColumns } from '../../src/compile/record-columns.ts'
import { duckdbDialect } from '../../src/engines/duckdb/dialect.ts'
import { Random } from '../model/random.ts'
import { randomLine } from '../model/random-line.ts'
import { randomWorld, worldText } from '../model/random-world.ts'
import { splitLines } from '../model/read-line.ts'
import { defineText, type Pipeline, readRows, withStaged } from '../pipeline.ts'
import { ALL_AGGREGATES } from './all-aggregates.ts'

const ROUNDS = 12

describe('merging partials', () => {
  it('is associative and commutative and equals the tally of the whole', async () => {
    for (let seed = 1; seed <= ROUNDS; seed++) await checkMerges(seed)
  })
})

async function checkMerges(seed: number): Promise<void> {
  const random = new Random(seed)
  const { source } = randomWorld(seed, 0)
  const definition = defineText(worldText({ source, metrics: ALL_AGGREGATES }))
  const parts = Array.from({ length: 3 }, () => {
    const lines = Array.from({ length: 15 }, () => `${randomLine(random, source, false)}\n`)
    return Buffer.from(lines.join(''))
  })
  const tables = await Promise.all(parts.map((part) => stagedFiles(definition, [part])))
  const whole = await stagedFiles(definition, parts)
  for (const [id, { merge, read }] of whole.entries()) {
    const [a, b, c] = tables.map((table) => table[id]!.read)
    const union = (left: string, right: string) => merge(`(${left} UNION ALL ${right})`)
    const left = await readRows(`${union(union(a!, b!), c!)} ORDER BY ALL`)
    const right = await readRows(`${union(a!, union(b!, c!))} ORDER BY ALL`)
    const turned = await readRows(`${union(c!, union(b!, a!))} ORDER BY ALL`)
    expect(right, `seed ${seed}`).toEqual(left)
    expect(turned, `seed ${seed}`).toEqual(left)
    expect(await readRows(`${merge(`(${read})`)} ORDER BY ALL`), `seed ${seed}`).toEqual(left)
  }
}

interface StagedTally {
  readonly read: string
  merge(relation: string): string
}

/** Partials of each tally as a SELECT over a table in memory, since the folder is gone afterwards. */
async function stagedFiles(
  definition: ReturnType<typeof defineText>,
  pieces: readonly Buffer[],
): Promise<StagedTally[]> {
  return withStaged(definition, 'src', pieces.map(splitLines), async (pipeline) => {
    const staged: StagedTally[] = []
    for (const plan of pipeline.plans.flatMap((each) => each.metrics)) {
      const printer = new TallyPrinter(duckdbDialect, plan, recordColumns(pipeline.plans[0]!))
      for (const tally of plan.tallies) {
        const columns = [...printer.groupNames(tally), ...tally.columns.map(({ column }) => column)]
        const read = `SELECT ${columns.join(', ')} FROM ${await keep(pipeline, plan.metric, tally.id)}`
        staged.push({ read, merge: (relation) => printer.mergePartials(tally, relation) })
      }
    }
    return staged
  })
}

let kept = 0

async function keep(pipeline: Pipeline, metric: string, tally: string): Promise<string> {
  const { tallies } = pipeline.staged.get('src')!.metrics.find((each) => each.metric === metric)!
  const { path } = tallies.find(({ id }) => id === tally)!
  const table = `kept_${kept++}`
  await readRows(`CREATE TEMP TABLE ${table} AS SELECT * FROM read_parquet('${path}')`)
  return table
}
