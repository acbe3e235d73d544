/**
 * What the guards cost: the SQL that a batch runs against the same query with every guard left out, on the blocks
 * of an archive: `npx unrun bench/guards.ts DATA_FOLDER`. Prints JSON; times are medians of alternating runs.
 */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { buildPlans } from '../src/compile/build-plan.ts'
import { printParse } from '../src/compile/parse-source.ts'
import { TallyPrinter } from '../src/compile/print-tally.ts'
import { recordColumns } from '../src/compile/record-columns.ts'
import { loadDefinition } from '../src/define/load-definition.ts'
import { duckdbDialect, trustingDialect } from '../src/engines/duckdb/dialect.ts'

const ROUNDS = 5
const blocks = join(process.argv[2] ?? '', 'archive', 'web', 'blocks')
const files = readdirSync(blocks).map((name) => duckdbDialect.quoteText(join(blocks, name)))
const lines = `(SELECT "offset", raw FROM read_parquet([${files.join(', ')}]))`

const config = fileURLToPath(new URL('baseline/millrace.yaml', import.meta.url))
const { definition } = await loadDefinition(config)
if (!definition) throw new Error(`${config} has problems`)
const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const [plan] = buildPlans(definition, digest, ['requests'])
if (!plan) throw new Error('no plan')

const tally = new TallyPrinter(duckdbDialect, plan.metrics[0]!, recordColumns(plan)).partials(
  plan.metrics[0]!.tallies[0]!,
  'parsed',
  { range: {} },
)

/** The fields in the plan's order: bytes, duration_ms, service, status; then the time. */
const paths = [...plan.fields.map(({ name }) => name), 'ts'].map((name) =>
  duckdbDialect.quoteText(`/${name}`),
)
const unguarded = `
  SELECT "offset", NULL AS reason, epoch_ms(try_cast(v[5] AS TIMESTAMP)) AS event_ms,
    try_cast(v[1] AS BIGINT) AS f0, FALSE AS e0, CAST(try_cast(v[2] AS DECIMAL(18, 3)) * 1000 AS BIGINT) AS f1, FALSE AS e1,
    v[3] AS f2, FALSE AS e2, try_cast(v[4] AS BIGINT) AS f3, FALSE AS e3
  FROM (SELECT "offset", json_extract_string(decode(raw), [${paths.join(', ')}]) AS v FROM ${lines})`
const variants = {
  unguarded,
  trusting: printParse(plan, trustingDialect, lines),
  strict: printParse(plan, duckdbDialect, lines),
}

const connection = await (await DuckDBInstance.create(':memory:')).connect()
const times: Record<string, number[]> = { unguarded: [], trusting: [], strict: [] }
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, parse] of Object.entries(variants)) {
    const before = process.cpuUsage()
    await connection.run(`CREATE OR REPLACE TEMP TABLE parsed AS ${parse}`)
    await connection.run(`CREATE OR REPLACE TEMP TABLE totals AS ${tally}`)
    const { user, system } = process.cpuUsage(before)
    times[name]!.push((user + system) / 1000)
  }
}
const median = (name: string) => times[name]!.sort((a, b) => a - b)[ROUNDS >> 1]!
console.log(
  JSON.stringify({
    unguardedCpuMs: Math.round(median('unguarded')),
    trustingCpuMs: Math.round(median('trusting')),
    strictCpuMs: Math.round(median('strict')),
    trustingCost: median('trusting') / median('unguarded') - 1,
    strictCost: median('strict') / median('unguarded') - 1,
  }),
)
process.exit(0)
