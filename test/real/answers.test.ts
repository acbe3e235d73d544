/** Totals of real logs that no one here wrote, against answers computed without Millrace (see ../shared/data). */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDefinition } from '../../src/define/load-definition.ts'
import { ingestYears, openArchive } from '../../src/engines/registry.ts'
import { ingestFiles } from '../../src/run/ingest-files.ts'
import { Pipeline } from '../pipeline.ts'
import { type Csv, checkAnswer, checkCommonest, dimensionsOf, parseCsv } from './check-answer.ts'
import { type RealSet, SETS } from './sets.ts'

const DATA = resolve('../shared/data')
const isThere = existsSync(DATA)
const skipped = isThere ? '' : ` (SKIPPED: there is no ${DATA})`
if (!isThere) console.warn(`test/real is SKIPPED: there is no ${DATA}`)

describe.skipIf(!isThere).each(SETS.map((set) => [set.name, set] as const))(`%s${skipped}`, (_, set) => {
  let pipeline: Pipeline

  beforeAll(async () => {
    pipeline = await runSet(set)
  })
  afterAll(() => pipeline?.remove())

  it('counts every line and rejects none', async () => {
    const { total } = await pipeline.rejects(set.source)
    expect(total).toBe(set.rejected ?? 0)
  })

  it.each(Object.entries(set.answers))('%s', async (csv, [metric, step]) => {
    const expected = expectedCsv(set, csv)
    checkAnswer(await queryCsv(pipeline, metric, step, dimensionsOf(expected)), expected)
  })

  it.each(Object.entries(set.commonest ?? {}))('%s', async (csv, [metric, step]) => {
    const expected = expectedCsv(set, csv)
    checkCommonest(await queryCsv(pipeline, metric, step, [metricDimension(csv, expected)]), expected)
  })

  it('has a test for every answer', () => {
    if (!isThere) return
    const files = readdirSync(join(DATA, 'expected', set.name)).filter((name) => name.endsWith('.csv'))
    const wanted = files.map((name) => name.slice(0, -4)).filter((name) => !name.startsWith('late_records'))
    expect([...Object.keys(set.answers), ...Object.keys(set.commonest ?? {})].sort()).toEqual(wanted.sort())
  })
})

async function runSet(set: RealSet): Promise<Pipeline> {
  const { definition, diagnostics } = await loadDefinition(`test/real/${set.name}/millrace.yaml`)
  if (!definition) throw new Error(JSON.stringify(diagnostics))
  const pipeline = new Pipeline(definition)
  const files = set.files.map((file) => join(DATA, file))
  const years = await ingestYears(definition.sources.get(set.source)!)
  await ingestFiles(await openArchive(pipeline.folders), set.source, files, { ...years })
  await pipeline.batch()
  return pipeline
}

async function queryCsv(pipeline: Pipeline, metric: string, step: string, by: string[]): Promise<Csv> {
  return parseCsv(await pipeline.queryCsv(metric, { step, by, quantiles: ['0.5', '0.95'] }))
}

function expectedCsv(set: RealSet, name: string): Csv {
  return parseCsv(readFileSync(join(DATA, 'expected', set.name, `${name}.csv`), 'utf8'))
}

/** Its CSV has no window: the value, then its count. */
function metricDimension(csv: string, { header }: Csv): string {
  return csv === 'top10_component' ? 'comp' : header[0]!
}
