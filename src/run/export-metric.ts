/** The use case of an export: every window of a metric, slice by slice, into a file that appears only when whole. */
import { createWriteStream } from 'node:fs'
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Digest } from '../compile/metric-version.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { MetricPlan } from '../core/plan.ts'
import { printCsv } from '../core/print-csv.ts'
import type { ResultTable } from '../core/result-table.ts'
import type { Report } from '../ports/report.ts'
import type { TableFile } from '../ports/table-file.ts'
import { findPlan, requireTotals } from './find-totals.ts'
import { readSlices } from './read-slices.ts'

export interface ExportJob {
  readonly definition: Definition
  digest: Digest
  readonly metric: string
  readonly format: 'csv' | 'parquet'
  readonly out: string
  openReport(): Promise<Report>
  /** A folder in the data folder, where an engine may write; removed by the job's owner. */
  makeScratchDir(): Promise<string>
  openTableFile(folder: string): Promise<TableFile>
}

export interface ExportResult {
  readonly metric: string
  readonly rows: number
  readonly out: string
}

/** Errors: QUERY_UNKNOWN_METRIC, METRIC_*, REPORT_*, EXPORT_UNWRITABLE, EXPORT_INTERRUPTED. */
export async function exportMetric(job: ExportJob): Promise<ExportResult> {
  const plan = findPlan(job.definition, job.metric, job.digest)
  // Beside its final place, so that the last step is a rename; made first, so that a bad --out fails at once.
  const partDir = await makePartDir(job.out)
  try {
    const part = join(partDir, basename(job.out))
    const rows = await withReport(job, plan, (slices) =>
      job.format === 'csv' ? writeCsv(part, slices) : writeParquet(job, part, slices),
    )
    await rename(part, job.out).catch((error) => fail(job.out, error))
    return { metric: plan.metric, rows, out: job.out }
  } finally {
    await rm(partDir, { recursive: true, force: true })
  }
}

async function makePartDir(out: string): Promise<string> {
  return mkdtemp(join(dirname(out), '.millrace-export-')).catch((error) => fail(out, error))
}

function unwritable(path: string, error: unknown): MillraceError {
  const why = error instanceof Error ? error.message : String(error)
  return new MillraceError('EXPORT_UNWRITABLE', { path, why }, { cause: error })
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
): Promise<number> {
  const report = await job.openReport()
  try {
    const state = await requireTotals(report, plan)
    const rows = await write(readSlices(report, plan))
    const after = await report.metricState(plan.metric, plan.version)
    if (after?.revision !== state.revision)
      throw new MillraceError('EXPORT_INTERRUPTED', { metric: plan.metric })
    return rows
  } finally {
    await report.close()
  }
}

async function writeCsv(path: string, slices: Slices): Promise<number> {
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
  const file = createWriteStream(path, { flush: true })
  // The pipeline hands on the same error whichever end it came from.
  await pipeline(Readable.from(lines()), file).catch((error) => {
    throw failure ?? unwritable(path, error)
  })
  return rows
}

async function writeParquet(job: ExportJob, path: string, slices: Slices): Promise<number> {
  const file = await job.openTableFile(await job.makeScratchDir())
  let rows = 0
  try {
    for await (const table of slices) {
      await file.append(table)
      rows += table.rows
    }
    const written = await file.finish()
    await copyFile(written, path).catch((error) => fail(path, error))
    return rows
  } finally {
    await file.close()
  }
}
