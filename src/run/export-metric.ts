/** The use case of an export: every window of a metric, slice by slice, into a file that appears only when whole. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Digest } from '../compile/metric-version.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { MetricPlan } from '../core/plan.ts'
import { printCsv } from '../core/print-csv.ts'
import type { ResultTable } from '../core/result-table.ts'
import { systemReason } from '../core/system-reason.ts'
import type { Report } from '../ports/report.ts'
import type { TableFile } from '../ports/table-file.ts'
import { findPlan, requireTotals } from './find-totals.ts'
import { findOutPlace, type OutPlace, type OwnPlaces } from './out-place.ts'
import { readSlices } from './read-slices.ts'
import { warnTotals } from './warn-totals.ts'

export interface ExportJob {
  readonly definition: Definition
  digest: Digest
  readonly metric: string
  readonly format: 'csv' | 'parquet'
  readonly out: string
  /** What no export may write over. */
  readonly own: OwnPlaces
  openReport(): Promise<Report>
  /** A folder in the data folder, where an engine may write; removed by the job's owner. */
  makeScratchDir(): Promise<string>
  openTableFile(folder: string): Promise<TableFile>
}

export interface ExportResult {
  readonly metric: string
  readonly rows: number
  readonly out: string
  readonly version: string
  readonly revision: number
  /** What the totals lack. */
  readonly warnings: readonly string[]
}

type Exported = Pick<ExportResult, 'rows' | 'version' | 'revision' | 'warnings'>

/** Errors: QUERY_UNKNOWN_METRIC, METRIC_*, REPORT_*, CLI_OUT_REFUSED, EXPORT_UNWRITABLE, EXPORT_INTERRUPTED. */
export async function exportMetric(job: ExportJob): Promise<ExportResult> {
  const plan = findPlan(job.definition, job.metric, job.digest)
  const place = await findOutPlace(job.out, job.own)
  const exported = place.isStream
    ? await writeAll(job, plan, place)
    : await replaceFile(place.path, (part) => writeAll(job, plan, { path: part, isStream: false }))
  return { metric: plan.metric, out: job.out, ...exported }
}

/** Beside its final place, so that the last step is a rename; made first, so that a bad --out fails at once. */
async function replaceFile<T>(path: string, write: (part: string) => Promise<T>): Promise<T> {
  const partDir = await makePartDir(path)
  try {
    const part = join(partDir, basename(path))
    const written = await write(part)
    await rename(part, path).catch((error) => fail(path, error))
    return written
  } finally {
    await rm(partDir, { recursive: true, force: true })
  }
}

function writeAll(job: ExportJob, plan: MetricPlan, place: OutPlace): Promise<Exported> {
  return withReport(job, plan, (slices) =>
    job.format === 'csv' ? writeCsv(place, slices) : writeParquet(job, place, slices),
  )
}

async function makePartDir(out: string): Promise<string> {
  return mkdtemp(join(dirname(out), '.millrace-export-')).catch((error) => fail(out, error))
}

function unwritable(path: string, error: unknown): MillraceError {
  return new MillraceError('EXPORT_UNWRITABLE', { path, why: systemReason(error) }, { cause: error })
}

function fail(path: string, error: unknown): never {
  throw unwritable(path, error)
}

type Slices = AsyncIterable<ResultTable>

/** The report stays open, which keeps writers of the embedded one out; the revision tells for all others. */
async function withReport(
  job: ExportJob,
  plan: MetricPlan,
  write: (slices: Slices) => Promise<number>,
): Promise<Exported> {
  const report = await job.openReport()
  try {
    const state = await requireTotals(report, plan)
    const rows = await write(readSlices(report, plan))
    const after = await report.metricState(plan.metric, plan.version)
    if (after?.revision !== state.revision)
      throw new MillraceError('EXPORT_INTERRUPTED', { metric: plan.metric })
    const { version, revision } = state
    return { rows, version, revision, warnings: warnTotals(state, {}, plan) }
  } finally {
    await report.close()
  }
}

async function writeCsv(place: OutPlace, slices: Slices): Promise<number> {
  let rows = 0
  let isFirst = true
  let failure: unknown
  async function* lines() {
    try {
      for await (const table of slices) {
        yield* printCsv(table, isFirst)
        rows += table.rows
        isFirst = false
      }
    } catch (error) {
      failure = error
      throw error
    }
  }
  // The pipeline hands on the same error whichever end it came from.
  await pipeline(Readable.from(lines()), openOut(place)).catch((error) => {
    throw failure ?? unwritable(place.path, error)
  })
  return rows
}

/** Only a file of its own begins empty and can be synced. */
function openOut({ path, isStream }: OutPlace): Writable {
  return createWriteStream(path, isStream ? { flags: 'a' } : { flush: true })
}

async function writeParquet(job: ExportJob, place: OutPlace, slices: Slices): Promise<number> {
  const file = await job.openTableFile(await job.makeScratchDir())
  let rows = 0
  try {
    for await (const table of slices) {
      await file.append(table)
      rows += table.rows
    }
    const written = await file.finish()
    await pipeline(createReadStream(written), openOut(place)).catch((error) => fail(place.path, error))
    return rows
  } finally {
    await file.close()
  }
}
