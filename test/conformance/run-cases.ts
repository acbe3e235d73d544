/** Runs conformance cases on an engine: one definition with a source for each case, one batch, one query each. */
import type { Definition } from '../../src/core/definition.ts'
import { MillraceError } from '../../src/core/error.ts'
import { printValue } from '../../src/core/print-value.ts'
import type { ResultTable } from '../../src/core/result-table.ts'
import { type Deployment, openReport } from '../../src/engines/registry.ts'
import type { Report } from '../../src/ports/report.ts'
import { queryMetric } from '../../src/run/query-metric.ts'
import { defineText, Pipeline, sha256 } from '../pipeline.ts'
import type { Cell, ConformanceCase } from './conformance-case.ts'

export interface Totals {
  readonly rows: readonly (readonly Cell[])[]
  readonly rejects: readonly string[]
  readonly filtered: number
}

/** What became of a case: its totals, or why the engine will not compute them. */
export type Outcome = Totals | { readonly refused: string }

export interface ConformanceEngine {
  /** The column of the printed page. */
  readonly name: string
  run(cases: readonly ConformanceCase[]): Promise<Outcome[]>
}

const INGESTS_AT_ONCE = 8

/** An engine with a report, as a definition names them; those embedded where it names none. */
export function conformanceEngine(name: string, roles: Omit<Deployment, 'dataDir'> = {}): ConformanceEngine {
  return { name, run: (cases) => runRefusing(cases, roles, new Map()) }
}

/** A refusal names its source; the cases that remain run without it. */
async function runRefusing(
  cases: readonly ConformanceCase[],
  roles: Omit<Deployment, 'dataDir'>,
  refused: Map<number, string>,
): Promise<Outcome[]> {
  const places = cases.flatMap((_, place) => (refused.has(place) ? [] : [place]))
  try {
    const found = await runAll(places, cases, roles)
    return cases.map((_, place) => found.get(place) ?? { refused: refused.get(place)! })
  } catch (error) {
    const place = refusedPlace(error)
    if (place === undefined || refused.has(place)) throw error
    return runRefusing(cases, roles, refused.set(place, (error as Error).message))
  }
}

function refusedPlace(error: unknown): number | undefined {
  const source = error instanceof MillraceError ? String(error.params.source) : ''
  return /^c\d+$/.test(source) ? Number(source.slice(1)) : undefined
}

async function runAll(
  places: readonly number[],
  cases: readonly ConformanceCase[],
  roles: Omit<Deployment, 'dataDir'>,
): Promise<Map<number, Outcome>> {
  const pipeline = new Pipeline(defineCases(places, cases), roles)
  try {
    await ingestCases(pipeline, places, cases)
    await pipeline.batch()
    const report = await openReport(pipeline.folders, 'read')
    try {
      const found = new Map<number, Outcome>()
      for (const place of places) found.set(place, await readTotals(pipeline, report, nameOf(place)))
      return found
    } finally {
      await report.close()
    }
  } finally {
    pipeline.remove()
  }
}

/** Each is a few waits for the disk, which can overlap. */
async function ingestCases(
  pipeline: Pipeline,
  places: readonly number[],
  cases: readonly ConformanceCase[],
): Promise<void> {
  for (let from = 0; from < places.length; from += INGESTS_AT_ONCE) {
    const some = places.slice(from, from + INGESTS_AT_ONCE)
    await Promise.all(some.map((place) => pipeline.ingest(nameOf(place), cases[place]!.input)))
  }
}

function nameOf(place: number): string {
  return `c${place}`
}

/** Fails with the diagnostics when a case's definition is not right. */
export function defineCases(places: readonly number[], cases: readonly ConformanceCase[]): Definition {
  const of = (text: (test: ConformanceCase, name: string) => unknown) =>
    Object.fromEntries(places.map((place) => [nameOf(place), text(cases[place]!, nameOf(place))]))
  const sources = of(({ source }) => source)
  const metrics = of(({ metric }, source) => ({ source, ...metric }))
  return defineText(JSON.stringify({ sources, metrics }))
}

async function readTotals(pipeline: Pipeline, report: Report, name: string): Promise<Totals> {
  const job = { definition: pipeline.definition, digest: sha256, openReport: async () => stayingOpen(report) }
  const { table } = await queryMetric(job, { metric: name, range: {} })
  const staged = pipeline.staged.get(name)!.metrics[0]!
  const rejects = (await pipeline.stagedRejects(name)).map(({ offset, reason, field }) =>
    [offset, reason, ...(field === null ? [] : [field])].join(' '),
  )
  return { rows: rowsOf(table), rejects, filtered: staged.filtered }
}

/** Each query closes the report that it was given; opening one takes longer than a query. */
function stayingOpen(report: Report): Report {
  return {
    ...({} as Report),
    metricState: (...args) => report.metricState(...args),
    query: (...args) => report.query(...args),
    close: async () => undefined,
  }
}

function rowsOf({ rows, columns }: ResultTable): Cell[][] {
  return Array.from({ length: rows }, (_, row) =>
    columns.map((column) => printValue(column, column.values[row]) ?? null),
  )
}
