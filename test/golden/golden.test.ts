/**
 * A case is a folder: definition.yaml, lines.*, totals.csv, duckdb.sql and spark.sql. The SQL texts are compared;
 * the embedded engine runs its own here. `npm run golden:accept` rewrites SQL only; totals are worked out by hand.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { printParse } from '../../src/compile/parse-source.ts'
import { TallyPrinter } from '../../src/compile/print-tally.ts'
import type { SourcePlan } from '../../src/core/plan.ts'
import { recordColumns } from '../../src/engines/duckdb/record-columns.ts'
import { explainBatch } from '../../src/engines/registry.ts'
import { sparkDialect } from '../../src/engines/spark/dialect.ts'
import type { Statement } from '../../src/ports/batch-engine.ts'
import { defineText, Pipeline } from '../pipeline.ts'

const FOLDER = import.meta.dirname
const cases = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory())

describe.each(cases.map(({ name }) => name))('%s', (name) => {
  const read = (file: string) => readFileSync(join(FOLDER, name, file), 'utf8')
  const definition = defineText(read('definition.yaml'), join(FOLDER, name, 'definition.yaml'))

  it('prints the SQL', async () => {
    const pipeline = new Pipeline(definition)
    const statements = await Promise.all(pipeline.plans.map(explainBatch))
    const forSpark = pipeline.plans.flatMap(explainSpark)
    pipeline.remove()
    await expect(printStatements(statements.flat())).toMatchFileSnapshot(join(FOLDER, name, 'duckdb.sql'))
    await expect(printStatements(forSpark)).toMatchFileSnapshot(join(FOLDER, name, 'spark.sql'))
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

/** The parse and the tallies in Spark's dialect, which test/cluster runs. */
function explainSpark(plan: SourcePlan): Statement[] {
  const tallies = plan.metrics.flatMap((metric) => {
    const printer = new TallyPrinter(sparkDialect, metric, recordColumns(plan))
    return metric.tallies.map((tally) => ({
      title: `tally ${tally.id} of ${metric.metric}`,
      sql: printer.partials(tally, 'parsed', { range: {} }),
    }))
  })
  return [{ title: `parse ${plan.source}`, sql: printParse(plan, sparkDialect, 'lines') }, ...tallies]
}

function printStatements(statements: readonly Statement[]): string {
  return statements.map(({ title, sql }) => `-- ${title}\n${breakLines(sql)};\n`).join('\n')
}

/** One stage of the pile, and one computed column, a line: diffs then show what changed. */
function breakLines(sql: string): string {
  return sql
    .replaceAll(' FROM (SELECT ', '\nFROM (SELECT ')
    .replaceAll(/, (?=CASE |coalesce|count|sum\()/g, ',\n  ')
}
