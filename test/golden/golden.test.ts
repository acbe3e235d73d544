/**
 * A case is a folder: definition.yaml, lines.*, totals.csv and duckdb.sql. The SQL text is compared and run.
 * `npm run golden:accept` rewrites SQL only; totals are worked out by hand.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { explainBatch } from '../../src/engines/registry.ts'
import { defineText, Pipeline } from '../pipeline.ts'

const FOLDER = import.meta.dirname
const cases = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory())

describe.each(cases.map(({ name }) => name))('%s', (name) => {
  const read = (file: string) => readFileSync(join(FOLDER, name, file), 'utf8')
  const definition = defineText(read('definition.yaml'), join(FOLDER, name, 'definition.yaml'))

  it('prints the SQL', async () => {
    const pipeline = new Pipeline(definition)
    const statements = await Promise.all(pipeline.plans.map(explainBatch))
    const text = statements.flat().map(({ title, sql }) => `-- ${title}\n${breakLines(sql)};\n`)
    pipeline.remove()
    await expect(text.join('\n')).toMatchFileSnapshot(join(FOLDER, name, 'duckdb.sql'))
  })

  it('gives the totals', async () => {
    const file = readdirSync(join(FOLDER, name)).find((each) => each.startsWith('lines.'))!
    const pipeline = new Pipeline(definition)
    try {
      await pipeline.ingest(pipeline.plans[0]!.source, read(file))
      await pipeline.batch()
      expect(await pipeline.queryCsv('m')).toBe(read('totals.csv'))
    } finally {
      pipeline.remove()
    }
  })
})

/** One stage of the pile, and one computed column, a line: diffs then show what changed. */
function breakLines(sql: string): string {
  return sql
    .replaceAll(' FROM (SELECT ', '\nFROM (SELECT ')
    .replaceAll(/, (?=CASE |coalesce|count|sum\()/g, ',\n  ')
}
