/** Evaluates probes on the embedded engine and on Spark, and tells in which cells they differ. */
import { join } from 'node:path'
import { printParse } from '../../src/compile/parse-source.ts'
import { TallyPrinter } from '../../src/compile/print-tally.ts'
import { recordColumns } from '../../src/compile/record-columns.ts'
import { duckdbDialect } from '../../src/engines/duckdb/dialect.ts'
import { caseOfTrue } from '../../src/engines/spark/case-of-true.ts'
import { sparkDialect } from '../../src/engines/spark/dialect.ts'
import { parseStatements } from '../../src/engines/spark/parse-statements.ts'
import { sourceStatements } from '../../src/engines/spark/source-statements.ts'
import { printStep } from '../../src/engines/spark/step.ts'
import { copyLines, readRows } from '../pipeline.ts'
import { type Probe, partialQueries, partialQuery, recordCells, recordQuery } from './dialect-probe.ts'
import { runSparkSql } from './run-spark-sql.ts'

interface Query {
  readonly probe: Probe
  readonly spark: string
  readonly duckdb: string
  readonly isRecords: boolean
}

/** One line of text for each difference; the probes run in one spark-sql. */
export async function compareDialects(probes: readonly Probe[], folder: string): Promise<string[]> {
  const queries: Query[] = []
  const statements: string[] = []
  for (const [index, probe] of probes.entries()) {
    const path = join(folder, `lines${index}.parquet`)
    const table = `parsed${index}`
    await copyLines(probe.lines, 0, path)
    await readRows(
      `CREATE TABLE ${table} AS ${printParse(probe.plan, duckdbDialect, `read_parquet('${path}')`)}`,
    )
    const { make, drop } = parseStatements(probe.plan, sparkDialect, table, `parquet.\`${path}\``)
    const grouped = probe.withGroups ? groupsOf(probe, table, `parquet.\`${path}\``) : undefined
    const own = [...queriesOf(probe, table), ...(grouped ? [grouped.query] : [])]
    const tagged = own.map(
      ({ spark }, n) => `SELECT concat('#${queries.length + n}:', "offset", ':', cells) FROM (${spark})`,
    )
    queries.push(...own)
    const steps = [...make, ...(grouped?.make ?? [])].flatMap(printStep)
    statements.push(...steps, ...tagged, ...(grouped?.drop ?? []), ...drop)
  }
  const rows = readTagged(runSparkSql(statements.map(caseOfTrue), join(folder, 'spark')), queries.length)
  const differences: string[] = []
  for (const [index, { probe, duckdb, isRecords }] of queries.entries()) {
    const expected = (await readRows(`SELECT * FROM (${duckdb})`)).map((row) => `${row.offset}:${row.cells}`)
    differences.push(...differ(probe, isRecords, expected, rows[index]!))
  }
  return differences
}

function queriesOf(probe: Probe, table: string): Query[] {
  const { plan } = probe
  const records = {
    probe,
    spark: recordQuery(plan, sparkDialect, table),
    duckdb: recordQuery(plan, duckdbDialect, table),
    isRecords: true,
  }
  if (!probe.withPartials) return [records]
  const duckdb = partialQueries(plan, duckdbDialect, table)
  const spark = partialQueries(plan, sparkDialect, table)
  return [records, ...spark.map((sql, n) => ({ probe, spark: sql, duckdb: duckdb[n]!, isRecords: false }))]
}

/** The one tally of a plan, of lines that are grouped at once and of those that are left. */
function groupsOf(probe: Probe, table: string, lines: string) {
  const { plan } = probe
  const [metric] = plan.metrics
  const [tally] = metric!.tallies
  const source = sourceStatements({ plan, range: {} }, sparkDialect, `${table}_left`, lines)
  if (!source.grouped) throw new Error(`${probe.name}: its lines are not grouped at once`)
  const printer = new TallyPrinter(sparkDialect, metric!, recordColumns(plan))
  const spark = partialQuery(sparkDialect, printer, tally!, source.partials(0, tally!))
  const [duckdb] = partialQueries(plan, duckdbDialect, table)
  return { ...source, query: { probe, spark, duckdb: duckdb!, isRecords: false } }
}

function readTagged(output: readonly string[], count: number): string[][] {
  const rows: string[][] = Array.from({ length: count }, () => [])
  for (const line of output) {
    const match = /^#(\d+):(.*)$/.exec(line)
    if (match) rows[Number(match[1])]!.push(match[2]!)
  }
  return rows
}

function differ(probe: Probe, isRecords: boolean, expected: string[], found: string[]): string[] {
  const byOffset = (a: string, b: string) =>
    Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1)
  const [wanted, given] = [expected.sort(byOffset), found.sort(byOffset)]
  if (wanted.length !== given.length) return [`${probe.name}: ${wanted.length} rows, Spark ${given.length}`]
  const cells = isRecords ? recordCells(probe.plan, duckdbDialect) : []
  return wanted.flatMap((row, index) => {
    const [a, b] = [split(row), split(given[index]!)]
    return a.values.flatMap((cell, place) => {
      const other = b.values[place]!
      const isFloat = cells[place]?.isFloat ?? !isRecords
      if (cell === other || (isFloat && isSameNumber(cell, other))) return []
      const line = isRecords ? `${show(probe.lines[Number(a.offset)]!)} ` : ''
      return [`${probe.name}: ${line}${cells[place]?.label ?? place}: DuckDB ${cell}, Spark ${other}`]
    })
  })
}

function split(row: string): { offset: string; values: string[] } {
  const [offset = '', cells = ''] = row.split(':')
  const values = cells.split('|').map((hex) => (hex === '~' ? 'null' : `'${Buffer.from(hex, 'hex')}'`))
  return { offset, values }
}

/** Engines print the same double in different ways; sums of doubles differ in their last digits. */
function isSameNumber(a: string, b: string): boolean {
  const [x, y] = [Number(a.slice(1, -1)), Number(b.slice(1, -1))]
  return Math.abs(x - y) <= 1e-12 * Math.abs(x)
}

function show(line: Buffer): string {
  const text = line.length > 300 ? `${line.subarray(0, 300)}… (${line.length} bytes)` : String(line)
  return JSON.stringify(text)
}
