/** Runs rule cases as the engine would, with any dialect: gives each line's outcome as text. */

import { buildPlans } from '../../src/compile/build-plan.ts'
import { printParse } from '../../src/compile/parse-source.ts'
import { TallyPrinter } from '../../src/compile/print-tally.ts'
import { recordColumns } from '../../src/compile/record-columns.ts'
import type { Definition } from '../../src/core/definition.ts'
import type { SourcePlan } from '../../src/core/plan.ts'
import type { DuckdbDialect } from '../../src/engines/duckdb/dialect.ts'
import { showEntries } from '../model/tally-model.ts'
import { defineText, type Row, readRows, sha256 } from '../pipeline.ts'
import { EVENT_MS, FIELDS, type RuleCase } from './rule-cases.ts'
import type { TallyCase } from './tally-cases.ts'

const STAMP = '"2024-03-05T10:20:30Z"'
const JSON_SOURCE = { format: 'json', time: 'ts', fields: FIELDS }

/** Differences between what the case expects and what the dialect gives; an error of the engine is one too. */
export async function failuresOf(dialect: DuckdbDialect, test: RuleCase): Promise<string[]> {
  const plan = planOf(test)
  const lines = test.lines.map(([line]) => fillStamp(line))
  try {
    const found = await outcomes(dialect, plan, test.value === EVENT_MS(), lines)
    return test.lines.flatMap(([line, expected], index) =>
      found[index] === expected
        ? []
        : [`${String(line).slice(0, 200)}: expected ${expected}, found ${found[index]}`],
    )
  } catch (error) {
    return [`fails: ${(error as Error).message.split('\n')[0]}`]
  }
}

const plans = new Map<RuleCase, SourcePlan>()

function planOf(test: RuleCase): SourcePlan {
  const known = plans.get(test)
  if (known) return known
  const dimensions = test.value === EVENT_MS() ? {} : { v: test.value }
  const metric = { source: 'src', window: '1d', dimensions, measures: { n: 'count()' } }
  const plan = planText({ sources: { src: test.source ?? JSON_SOURCE }, metrics: { m: metric } })
  plans.set(test, plan)
  return plan
}

function planText(text: object): SourcePlan {
  const definition: Definition = defineText(JSON.stringify(text))
  return buildPlans(definition, sha256)[0]!
}

function fillStamp(line: string | Buffer): Buffer {
  const at = Buffer.from(line).indexOf(':TS')
  if (at < 0) return Buffer.from(line)
  const rest = Buffer.from(line)
  return Buffer.concat([rest.subarray(0, at + 1), Buffer.from(STAMP), rest.subarray(at + 3)])
}

async function outcomes(
  dialect: DuckdbDialect,
  plan: SourcePlan,
  ofTime: boolean,
  lines: readonly Buffer[],
): Promise<(string | null)[]> {
  await parse(dialect, plan, lines)
  const metric = plan.metrics[0]!
  const columns = recordColumns(plan)
  const { rejected } = new TallyPrinter(dialect, metric, columns).conditions({ range: {} })
  const value = ofTime ? 'event_ms' : dialect.printExpr(metric.dimensions[0]!.expr, columns)
  const bad = metric.usedFields.map((field) => columns.error(field)).join(' OR ') || 'FALSE'
  const outcome = `CASE WHEN reason IS NOT NULL THEN '!' || reason WHEN ${bad} THEN '!field' WHEN ${rejected} THEN '!long' ELSE CAST(${value} AS VARCHAR) END`
  const rows = await readRows(`SELECT ${outcome} AS outcome FROM parsed ORDER BY "offset"`)
  return rows.map((row) => row.outcome as string | null)
}

async function parse(dialect: DuckdbDialect, plan: SourcePlan, lines: readonly Buffer[]): Promise<void> {
  const hex = lines.map((line) => `'${line.toString('hex')}'`).join(', ')
  await readRows(
    `CREATE OR REPLACE TEMP TABLE case_lines AS SELECT CAST(generate_subscripts(l, 1) AS BIGINT) AS "offset", unhex(unnest(l)) AS raw FROM (SELECT [${hex}] AS l)`,
  )
  await readRows(`CREATE OR REPLACE TEMP TABLE parsed AS ${printParse(plan, dialect, 'case_lines')}`)
}

/** The same for a measure over all lines of a case. */
export async function tallyFailures(dialect: DuckdbDialect, test: TallyCase): Promise<string[]> {
  const metric = { source: 'src', window: '1d', measures: { m: test.measure } }
  const plan = planText({ sources: { src: JSON_SOURCE }, metrics: { m: metric } })
  try {
    const lines = test.lines.map((members) => Buffer.from(`{"ts":${STAMP},${members}}`))
    await parse(dialect, plan, lines)
    const found = await readMeasure(dialect, plan)
    return found === test.expected ? [] : [`expected ${test.expected}, found ${found}`]
  } catch (error) {
    return [`fails: ${(error as Error).message.split('\n')[0]}`]
  }
}

async function readMeasure(dialect: DuckdbDialect, plan: SourcePlan): Promise<string> {
  const metric = plan.metrics[0]!
  const [measure] = metric.measures
  const tally = metric.tallies.find(({ id }) => id === measure!.tally)!
  const printer = new TallyPrinter(dialect, metric, recordColumns(plan))
  const column = measure!.columns[0]!
  const select = `SELECT ${tally.key ? '"key", ' : ''}CAST(${column} AS VARCHAR) AS v FROM (${printer.partials(tally, 'parsed', { range: {} })})`
  const rows = await readRows(select)
  if (tally.key) return showEntries(rows.map((row) => [Number(row.key), Number(row.v)] as const))
  return showSingle(rows[0])
}

/** A sum over no values is null in a partial and 0 when it is read. */
function showSingle(row: Row | undefined): string {
  return String(row?.v ?? null)
}
