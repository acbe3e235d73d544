/**
 * Whatever order the lines stand in, and however they are split into ingests and so into blocks, the staged
 * partials and the report's rows are the same, bit for bit. A case is one set of lines in one arrangement; sets
 * share a run, told apart by a dimension. MILLRACE_CASES sets their number.
 */
import { describe, expect, it } from 'vitest'
import type { RunRecord } from '../../src/core/run-record.ts'
import { tablesOf } from '../../src/engines/table-key.ts'
import { Random } from '../model/random.ts'
import { randomLine } from '../model/random-line.ts'
import { randomWorld, type World, worldText } from '../model/random-world.ts'
import type { ModelMetric } from '../model/vocabulary.ts'
import { defineText, type Pipeline, type Row, readRows, withPipeline } from '../pipeline.ts'
import { randomShare } from '../turn.ts'
import { ALL_AGGREGATES } from './all-aggregates.ts'

const { count: CASES, seed: FIRST_SEED } = randomShare('MILLRACE_CASES', 1000, 4)
const SETS = 25
const ARRANGEMENTS = 5
const worlds = Math.ceil(CASES / SETS / ARRANGEMENTS)
const SET_FIELD = { name: 'set', type: 'integer', path: ['set'] } as const

describe(`${worlds * SETS * ARRANGEMENTS} arrangements of lines`, () => {
  it.each(Array.from({ length: worlds }, (_, index) => FIRST_SEED + index))('seed %i', async (seed) => {
    const random = new Random(seed * 7919)
    const { world, lines } = manySets(random, seed)
    const definition = defineText(worldText(world))
    const plain = await withPipeline(definition, { src: [join(random, lines)] }, allRows)
    expect(plain.length).toBeGreaterThan(1000)
    for (let index = 0; index < ARRANGEMENTS; index++) {
      const pieces = arrange(random, lines)
      const found = await withPipeline(definition, { src: pieces }, allRows)
      expect(
        found === plain,
        `MILLRACE_SEED=${seed}: arrangement ${index} differs\n${firstDifference(plain, found)}`,
      ).toBe(true)
    }
  })
})

/** A JSON source that no line is nasty for at its ends, where framing would change it. */
function manySets(random: Random, seed: number): { world: World; lines: Buffer[] } {
  let world = randomWorld(seed, 0)
  for (let next = seed + 1000; world.source.format.kind !== 'json'; next++) world = randomWorld(next, 0)
  const lines = Array.from({ length: SETS }, (_, set) =>
    Array.from({ length: random.int(1, 20) }, () =>
      tagged(randomLine(random, world.source, random.chance(0.2)), set),
    ),
  ).flat()
  const isFramed = (line: Buffer) => !line.includes(10) && line.at(-1) !== 13 && line[0] !== 0xef
  const source = { ...world.source, fields: [...world.source.fields, SET_FIELD] }
  return { world: { ...world, source, metrics: ALL_AGGREGATES.map(bySet) }, lines: lines.filter(isFramed) }
}

function tagged(line: Buffer, set: number): Buffer {
  return line[0] === 123 ? Buffer.concat([Buffer.from(`{"set":${set},`), line.subarray(1)]) : line
}

function bySet(metric: ModelMetric): ModelMetric {
  return { ...metric, dimensions: [...metric.dimensions, { name: 'set_of', text: 'set' }] }
}

/** The lines shuffled and cut into 1 to 6 pieces. */
function arrange(random: Random, lines: readonly Buffer[]): Buffer[] {
  const pieces: Buffer[][] = Array.from({ length: random.int(1, 6) }, () => [])
  for (const line of random.shuffle(lines)) random.pick(pieces).push(line)
  return pieces.filter((piece) => piece.length > 0).map((piece) => join(random, piece))
}

/** Line ends vary, and the last may be missing where that does not hide an empty line. */
function join(random: Random, lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.from(random.pick(['\n', '\n', '\r\n']))]))
}

/** Everything that may not depend on the arrangement: partials, the report's rows, the ledger, the reasons. */
async function allRows(pipeline: Pipeline, { ledger }: RunRecord): Promise<string> {
  const parts: unknown[] = [ledger]
  for (const plan of pipeline.plans.flatMap((each) => each.metrics)) {
    for (const tally of plan.tallies) parts.push(await pipeline.partials(plan.metric, tally.id))
    parts.push(await reportRows(pipeline, plan.metric))
  }
  const rejects = await pipeline.stagedRejects('src')
  parts.push(rejects.map((row) => `${row.metric} ${row.reason} ${row.field}`).sort())
  return JSON.stringify(parts, showExact, 1)
}

/** All tables of one metric as they stand in the file. */
async function reportRows(pipeline: Pipeline, metric: string): Promise<Row[]> {
  const plan = pipeline.plan(metric)
  const tables = tablesOf(metric, plan.version)
  const names = [
    tables.series,
    tables.totals,
    ...plan.tallies.flatMap(({ id, key }) => (key ? [tables.sketch(id)] : [])),
  ]
  await readRows(`ATTACH '${pipeline.folders.dataDir}/report.duckdb' AS report (READ_ONLY)`)
  try {
    const rows: Row[] = []
    for (const name of names)
      rows.push(...(await readRows(`SELECT * FROM report.millrace."${name}" ORDER BY ALL`)))
    return rows
  } finally {
    await readRows('DETACH report')
  }
}

function showExact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

function firstDifference(a: string, b: string): string {
  const [left, right] = [a.split('\n'), b.split('\n')]
  const at = left.findIndex((line, index) => line !== right[index])
  return `plain:\n${left.slice(at - 8, at + 3).join('\n')}\narranged:\n${right.slice(at - 8, at + 3).join('\n')}`
}
