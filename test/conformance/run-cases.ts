/** Runs conformance cases on an engine: one definition, one batch for all of them, and one query for each. */
import { appendAll } from '../../src/core/append-all.ts'
import type { Definition } from '../../src/core/definition.ts'
import { MillraceError } from '../../src/core/error.ts'
import { printValue } from '../../src/core/print-value.ts'
import type { ResultTable } from '../../src/core/result-table.ts'
import { type Deployment, openReport } from '../../src/engines/registry.ts'
import type { IngestInput } from '../../src/ports/archive.ts'
import type { Report } from '../../src/ports/report.ts'
import { queryMetric } from '../../src/run/query-metric.ts'
import { bytesInput, defineText, type OpenEngine, Pipeline, sha256 } from '../pipeline.ts'
import type { Cell, ConformanceCase } from './conformance-case.ts'
import { firstOffset, linesIn, type SharedSource, shareSources, sourceName } from './share-sources.ts'

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

/** What runs in place of the embedded engine and report. */
export interface Setting {
  readonly roles?: Omit<Deployment, 'dataDir'>
  readonly openEngine?: OpenEngine
  /** Each case has a source of its own, also where others have the same. */
  readonly isAlone?: boolean
}

const INGESTS_AT_ONCE = 8
/** Of one batch: the report's transaction makes tables for all of them, which are in memory together. */
const CASES_AT_ONCE = 250
const DAY_MS = 86_400_000

export function conformanceEngine(name: string, setting: Setting = {}): ConformanceEngine {
  return {
    name,
    run: async (all) => {
      const outcomes: Outcome[] = []
      for (let from = 0; from < all.length; from += CASES_AT_ONCE) {
        const cases = all.slice(from, from + CASES_AT_ONCE)
        const alone = new Set(setting.isAlone ? cases.keys() : [])
        appendAll(outcomes, await runRefusing({ cases, setting, refused: new Map(), alone }))
      }
      return outcomes
    },
  }
}

interface Attempt {
  readonly cases: readonly ConformanceCase[]
  readonly setting: Setting
  /** Why, by place. */
  readonly refused: Map<number, string>
  readonly alone: Set<number>
}

/** A refusal names its source: its cases run again one by one, and the case that is refused alone is left out. */
async function runRefusing(attempt: Attempt): Promise<Outcome[]> {
  const { cases, refused, alone } = attempt
  const places = cases.flatMap((_, place) => (refused.has(place) ? [] : [place]))
  const sources = shareSources(cases, places, alone)
  try {
    const found = sources.length > 0 ? await runSources(sources, attempt) : new Map<number, Outcome>()
    return cases.map((_, place) => found.get(place) ?? { refused: refused.get(place)! })
  } catch (error) {
    const source = sources.find(({ name }) => error instanceof MillraceError && error.params.source === name)
    if (!source) throw error
    console.log(`${source.places.length} cases again without one another: ${(error as Error).message}`)
    if (source.places.length > 1) for (const place of source.places) alone.add(place)
    else refused.set(source.places[0]!, (error as Error).message)
    return runRefusing(attempt)
  }
}

async function runSources(
  sources: readonly SharedSource[],
  { cases, setting }: Attempt,
): Promise<Map<number, Outcome>> {
  const pipeline = new Pipeline(defineCases(cases, sources), setting.roles, setting.openEngine)
  try {
    await ingestSources(pipeline, sources, cases)
    await pipeline.batch()
    const report = await openReport(pipeline.folders, 'read')
    try {
      const found = new Map<number, Outcome>()
      for (const source of sources)
        for (const place of source.places)
          found.set(place, await readTotals(pipeline, report, source, place, cases))
      return found
    } finally {
      await report.close()
    }
  } finally {
    pipeline.remove()
  }
}

/** Each is a few waits for the disk, which can overlap. */
async function ingestSources(
  pipeline: Pipeline,
  sources: readonly SharedSource[],
  cases: readonly ConformanceCase[],
): Promise<void> {
  for (let from = 0; from < sources.length; from += INGESTS_AT_ONCE) {
    const some = sources.slice(from, from + INGESTS_AT_ONCE)
    await Promise.all(
      some.map(({ name, places }) => pipeline.ingest(name, inputOf(places.map((place) => cases[place]!)))),
    )
  }
}

/** Of cases that share a source; one that says when its file was modified is alone. */
function inputOf(cases: readonly ConformanceCase[]): IngestInput {
  const input = bytesInput(Buffer.concat(cases.map(({ input }) => input)))
  const { referenceMs } = cases[0]!
  return { ...input, ...(referenceMs !== undefined && { facts: { referenceMs } }) }
}

/** Fails with the diagnostics when a case's definition is not right. */
export function defineCases(cases: readonly ConformanceCase[], shared: readonly SharedSource[]): Definition {
  const sources = shared.map(({ name, places }) => [name, cases[places[0]!]!.source])
  const metrics = shared.flatMap(({ name, places }) =>
    places.map((place) => [sourceName(place), { source: name, ...cases[place]!.metric }]),
  )
  return defineText(
    JSON.stringify({ sources: Object.fromEntries(sources), metrics: Object.fromEntries(metrics) }),
  )
}

async function readTotals(
  pipeline: Pipeline,
  report: Report,
  source: SharedSource,
  place: number,
  cases: readonly ConformanceCase[],
): Promise<Totals> {
  const metric = sourceName(place)
  const { day } = cases[place]!
  const range = day === undefined ? {} : { fromMs: day, toMs: day + DAY_MS }
  const job = { definition: pipeline.definition, digest: sha256, openReport: async () => stayingOpen(report) }
  const { table } = await queryMetric(job, { metric, range })
  const staged = pipeline.staged.get(source.name)!.metrics.find((each) => each.metric === metric)!
  const rejects = await readRejects(pipeline, source, place, cases)
  return { rows: rowsOf(table), rejects, filtered: staged.filtered }
}

/** Those of the case's own lines, for its whole source or for its metric. */
async function readRejects(
  pipeline: Pipeline,
  source: SharedSource,
  place: number,
  cases: readonly ConformanceCase[],
): Promise<string[]> {
  const first = firstOffset(source, place, cases)
  const end = source.places.length > 1 ? first + linesIn(cases[place]!) : Number.POSITIVE_INFINITY
  const rows = await pipeline.stagedRejects(source.name)
  return rows
    .filter(({ metric }) => metric === null || metric === sourceName(place))
    .filter(({ offset }) => Number(offset) >= first && Number(offset) < end)
    .map(({ offset, reason, field }) =>
      [Number(offset) - first, reason, ...(field === null ? [] : [field])].join(' '),
    )
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
