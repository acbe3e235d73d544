/** Which adapter plays which role; the only place that loads an engine, and only when it is asked for. */
import { join } from 'node:path'
import type { SourcePlan } from '../core/plan.ts'
import type { Archive } from '../ports/archive.ts'
import type { BatchEngine, Statement } from '../ports/batch-engine.ts'
import type { Report } from '../ports/report.ts'
import type { TableFile } from '../ports/table-file.ts'

/** Where everything embedded lives, and the optional second drive. */
export interface DataFolders {
  readonly dataDir: string
  readonly mirror?: string
}

export async function openArchive(folders: DataFolders): Promise<Archive> {
  const { FilesArchive } = await import('./files/archive.ts')
  return new FilesArchive(folders)
}

export async function openBatchEngine({ dataDir }: DataFolders): Promise<BatchEngine> {
  const { DuckdbBatchEngine } = await import('./duckdb/batch.ts')
  return new DuckdbBatchEngine({ readableFolders: [join(dataDir, 'archive')] })
}

/** What the batch engine runs for a plan, for people to read. */
export async function explainBatch(plan: SourcePlan): Promise<Statement[]> {
  const { explainSource } = await import('./duckdb/explain.ts')
  return explainSource(plan)
}

/** Opens the report for reading or, in a batch, for writing. Errors: REPORT_*. */
export async function openReport({ dataDir }: DataFolders, mode: 'read' | 'write'): Promise<Report> {
  const { openDuckdbReport } = await import('./duckdb/report.ts')
  return openDuckdbReport(dataDir, mode)
}

/** Writes an export's Parquet file in a folder of its own inside the data folder. */
export async function openTableFile(folder: string): Promise<TableFile> {
  const { openParquetFile } = await import('./duckdb/parquet-file.ts')
  return openParquetFile(folder)
}

/** Keeps a second batch out of the data folder; resolves to the release. Errors: DATA_LOCKED. */
export async function lockData({ dataDir }: DataFolders, purpose: string): Promise<() => Promise<void>> {
  const { acquireLock } = await import('./files/lock.ts')
  return acquireLock(join(dataDir, `${purpose}.lock`), purpose)
}

/** The raw bytes of the lines at these offsets of one block, whose path the archive has verified. */
export async function readLines(
  blockPath: string,
  offsets: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  const { readLines: read } = await import('./duckdb/read-lines.ts')
  return read(blockPath, offsets)
}
