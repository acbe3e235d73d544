/**
 * A case is a folder: definition.yaml, lines.*, totals.csv, duckdb.sql and spark.sql. The SQL texts are compared;
 * the embedded engine runs its own here. `npm run golden:accept` rewrites SQL only; totals are worked out by hand.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Definition } from '../../src/core/definition.ts'
import type { SourcePlan } from '../../src/core/plan.ts'
import { explainBatch } from '../../src/engines/registry.ts'
import type { Statement } from '../../src/ports/batch-engine.ts'
import { defineText, Pipeline } from '../pipeline.ts'

const FOLDER = import.meta.dirname
const cases = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory())

describe.each(cases.map(({ name }) => name))('%s', (name) => {
  const read = (file: string) => readFileSync(join(FOLDER, name, file), 'utf8')
  const definition = defineText(read('definition.yaml'), join(FOLDER, name, 'definition.yaml'))

  it('prints the SQL', async () => {
    const pipeline = new Pipeline(definition)
    const print = async (batch: Definition['batch']) => {
      const explain = (plan: SourcePlan) => explainBatch({ ...pipeline.folders, batch }, plan)
      return printStatements((await Promise.all(pipeline.plans.map(explain))).flat())
    }
    const spark = { adapter: { adapter: 'spark', address: 'local[*]', options: {} } }
    await expect(await print({})).toMatchFileSnapshot(join(FOLDER, name, 'duckdb.sql'))
    // test/cluster runs it.
    await expect(await print(spark)).toMatchFileSnapshot(join(FOLDER, name, 'spark.sql'))
    pipeline.remove()
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

function printStatements(statements: readonly Statement[]): string {
  return statements.map(({ title, sql }) => `-- ${title}\n${breakLines(sql)};\n`).join('\n')
}

/** One stage of the pile, and one computed column, a line: diffs then show what changed. */
function breakLines(sql: string): string {
  return sql
    .replaceAll(' FROM (SELECT ', '\nFROM (SELECT ')
    .replaceAll(/, (?=CASE |coalesce|count|sum\()/g, ',\n  ')
}
