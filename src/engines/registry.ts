/**
 * Which adapter plays which role. With stream-registry.ts and beside-log.ts it is all that loads an engine, and only when
 * that is asked for.
 */
import { join } from 'node:path'
import type { RenameJournal } from '../archive/rename-journal.ts'
import type { AdapterConfig, Definition, Source } from '../core/definition.ts'
import { parseDuration } from '../core/duration.ts'
import { MillraceError } from '../core/error.ts'
import type { Cause } from '../core/health-facts.ts'
import type { KnownClock } from '../core/observed-clock.ts'
import type { SourcePlan } from '../core/plan.ts'
import { carriesYear } from '../core/stamp-year.ts'
import type { Link } from '../link/link.ts'
import type { NamedLogs } from '../log/named-logs.ts'
import type { Archive, IngestOptions, StampQuery, StampRun } from '../ports/archive.ts'
import type { BatchEngine, Statement } from '../ports/batch-engine.ts'
import type { Log, LogEnds } from '../ports/log.ts'
import type { Report } from '../ports/report.ts'
import type { TableFile } from '../ports/table-file.ts'

const HDFS_PATH = '/millrace'
/** Within which an archive on other machines ends what is under way when it is told to stop. */
const ARCHIVE_GRACE_MS = 5000

/** Where everything embedded lives, and which roles other adapters take. */
export interface Deployment
  extends Partial<Pick<Definition, 'log' | 'stream' | 'archive' | 'batch' | 'report' | 'sources'>> {
  readonly dataDir: string
  /** How long an archive or a report on other machines that does not answer is asked again; else as they see fit. */
  readonly patienceMs?: number
  /** Ends waiting for a server that runs on the data folder, and for an archive or a report on other machines. */
  readonly signal?: AbortSignal | undefined
  /** Hears of tables that a report had lost and makes again, and of whom it waits for. */
  onNews?(text: string): void
  /** Hears what an archive on other machines is waited for, and undefined when that is over. */
  onArchiveWait?(trouble: Cause | undefined): void
}

export async function openArchive(deployment: Deployment): Promise<Archive> {
  const { dataDir, archive } = deployment
  if (!archive?.adapter) {
    const { FilesArchive } = await import('./files/archive.ts')
    return new FilesArchive({ dataDir, ...(archive?.mirror !== undefined && { mirror: archive.mirror }) })
  }
  return openHdfs(archive.adapter, deployment)
}

async function openHdfs(
  { address, options }: AdapterConfig,
  { dataDir, patienceMs, signal, onArchiveWait: onWait }: Deployment,
): Promise<Archive> {
  const { HdfsArchive } = await import('./hdfs/archive.ts')
  const { ca, block_size, path = HDFS_PATH, ...rest } = options as HdfsConfig
  const archive = new HdfsArchive({
    ...{ ...rest, address, dataDir, path },
    ...(ca !== undefined && { caFile: ca }),
    ...(patienceMs !== undefined && { patienceMs }),
    ...(onWait && { onWait }),
    ...(block_size !== undefined && { blockSizeBytes: bytesOf(block_size) }),
  })
  const interrupt = () => setTimeout(() => archive.interrupt(), ARCHIVE_GRACE_MS).unref()
  if (signal?.aborted) interrupt()
  else signal?.addEventListener('abort', interrupt, { once: true })
  return archive
}

/** Options as the definition writes them; see src/define/adapter-schema.ts, which has checked them. */
interface HdfsConfig {
  readonly path?: string
  readonly rpc?: string
  readonly replication?: number
  readonly block_size?: string
  readonly user?: string
  readonly token?: string
  readonly ca?: string
}

/** `128m` → bytes. */
function bytesOf(size: string): number {
  return Number(size.slice(0, -1)) * 1024 ** ('kmgt'.indexOf(size.slice(-1)) + 1)
}

/** Where the archive's blocks are, for messages. */
export function archivePlace({ dataDir, archive }: Deployment): string {
  if (!archive?.adapter) return join(dataDir, 'archive')
  const { path = HDFS_PATH } = archive.adapter.options as HdfsConfig
  return `${archive.adapter.address.replace(/\/$/, '')}${path}`
}

/** Which engine computes batches, and where, for messages. */
export function batchPlace({ batch }: Deployment): string {
  return batch?.adapter ? `${batch.adapter.adapter} at ${batch.adapter.address}` : 'in a process of its own'
}

/** Names of the batch engines. */
export const BATCH_ENGINES = ['duckdb', 'spark'] as const
export type BatchEngineName = (typeof BATCH_ENGINES)[number]

/** The engine that the definition names, or the one asked for, with the definition's options where it has any. */
export async function openBatchEngine(
  { dataDir, archive, batch }: Deployment,
  name: BatchEngineName = batch?.adapter ? 'spark' : 'duckdb',
): Promise<BatchEngine> {
  if (name === 'duckdb') return openEmbeddedEngine(dataDir)
  const { SparkBatchEngine } = await import('./spark/batch.ts')
  const { conf, wait, ...options } = (batch?.adapter?.options ?? {}) as SparkConfig
  const { user } = (archive?.adapter?.options ?? {}) as HdfsConfig
  const settings = Object.entries(conf ?? {}).map(([key, value]) => [key, String(value)])
  return new SparkBatchEngine({
    ...{ ...options, master: batch?.adapter?.address ?? 'local[*]' },
    ...{ workDir: join(dataDir, 'tmp'), logDir: join(dataDir, 'logs') },
    ...(wait !== undefined && { patienceMs: parseDuration(wait)! }),
    ...(user !== undefined && { user }),
    conf: Object.fromEntries(settings),
  })
}

interface SparkConfig {
  readonly memory?: string
  readonly cores?: number
  readonly home?: string
  readonly page?: string
  readonly wait?: string
  readonly conf?: Readonly<Record<string, string | number | boolean>>
}

async function openEmbeddedEngine(dataDir: string): Promise<BatchEngine> {
  const { DuckdbBatchEngine } = await import('./duckdb/batch.ts')
  return new DuckdbBatchEngine({ readableFolders: blockFolders(dataDir) })
}

/** Where verified blocks lie on this machine. */
export function blockFolders(dataDir: string): string[] {
  return [join(dataDir, 'archive'), join(dataDir, 'cache')]
}

/** What the batch engine that is named, or embedded, runs for a plan, for people to read. */
export async function explainBatch({ batch }: Deployment, plan: SourcePlan): Promise<Statement[]> {
  const { explainSource } = batch?.adapter
    ? await import('./spark/explain.ts')
    : await import('./duckdb/explain.ts')
  return explainSource(plan)
}

/**
 * Opens the report for reading or, in a batch, for writing: through the server when one runs on the data folder,
 * which then owns the file. Errors: REPORT_*, SERVE_*.
 */
export async function openReport(deployment: Deployment, mode: 'read' | 'write'): Promise<Report> {
  if (deployment.report?.adapter) return openOwnReport(deployment, mode)
  const startedMs = performance.now()
  for (;;) {
    const link = await openLink(deployment)
    const { servedReport } = await import('../link/served-report.ts')
    if (link) return servedReport(link)
    const { openDuckdbReport } = await import('./duckdb/report.ts')
    try {
      return await openDuckdbReport(deployment.dataDir, mode, {
        waitMs: REPORT_LOOK_MS,
        onNews: deployment.onNews,
      })
    } catch (error) {
      // A server that starts has the file before it answers.
      if (!(error instanceof MillraceError) || error.code !== 'REPORT_LOCKED') throw error
      const seconds = Math.round((performance.now() - startedMs) / 1000)
      if (seconds >= REPORT_WAIT_S) throw new MillraceError('REPORT_LOCKED', { ...error.params, seconds })
    }
  }
}

/** For how long the file of totals is waited for, and how often a server is asked for meanwhile. */
const REPORT_WAIT_S = 30
const REPORT_LOOK_MS = 1000

/** The same, for the server itself. */
export async function openOwnReport(deployment: Deployment, mode: 'read' | 'write'): Promise<Report> {
  const { dataDir, report } = deployment
  if (report?.adapter) return openPostgres(report.adapter, mode, deployment)
  const { openDuckdbReport } = await import('./duckdb/report.ts')
  return openDuckdbReport(dataDir, mode, { onNews: deployment.onNews })
}

/** To the server that runs on the data folder; undefined where none does. Errors: SERVE_UNREACHABLE. */
export async function openLink({ dataDir, patienceMs, signal }: Deployment): Promise<Link | undefined> {
  const { Link } = await import('../link/link.ts')
  const { holderOf } = await import('../archive/lock.ts')
  const { userName } = await import('../archive/unreadable.ts')
  return Link.open(dataDir, {
    ...(patienceMs !== undefined && { patienceMs }),
    ...(signal && { signal }),
    pid: await holderOf(join(dataDir, 'log.lock')),
    user: userName(),
  })
}

async function openPostgres(
  { address, options }: AdapterConfig,
  mode: 'read' | 'write',
  { patienceMs, onNews, signal }: Deployment,
): Promise<Report> {
  const { openPostgresReport } = await import('./postgres/report.ts')
  const { stagedTextReader } = await import('./duckdb/staged-text.ts')
  const { schema, ca } = options as { schema?: string; ca?: string }
  const place = { url: address, ...(schema && { schema }), ...(ca && { caFile: ca }) }
  return openPostgresReport(place, mode, {
    text: stagedTextReader,
    ...(patienceMs !== undefined && { patienceMs }),
    ...(onNews && { onNews }),
    ...(signal && { signal }),
  })
}

export interface LogHooks {
  /** What is there is read; nothing is taken in, and nobody is put out. */
  readonly isReader?: boolean
  /** The latest clock that a report was told of this source. */
  clockFloor?(source: string): Promise<number>
  /** The offset up to which a report has counted the source; where a log is named, 0 if its lines are of another. */
  countedTo?(source: string, log?: string): Promise<number>
  /** Hears of bytes at the end of the log that were never acked. */
  onTorn?(source: string, bytes: number): void
  /** Hears of what people should know of the log, though nothing has failed. */
  onNotice?(source: string, message: string): void
}

/** Opens the log for the one process that writes it. Errors: DATA_LOCKED, LOG_DAMAGED. */
export async function openLog(deployment: Deployment, archive: Archive, hooks: LogHooks): Promise<Log> {
  const firstOffset = async (source: string) =>
    hooks.isReader ? ((await archive.manifest(source))?.nextOffset ?? 0) : settledEnd(archive, source)
  const knownClock = async (source: string): Promise<KnownClock> => {
    const manifest = await archive.manifest(source)
    return {
      lastMs: Math.max((await hooks.clockFloor?.(source)) ?? 0, manifest?.lastObservedMs ?? 0),
      confirmedMs: manifest?.clockConfirmedMs,
      repairedTo: manifest?.clockRepairedTo,
    }
  }
  const archivedKeys = (source: string, sinceMs: number) => archive.keys(source, sinceMs)
  const { dataDir, log, sources } = deployment
  const { clockFloor: _, ...rest } = hooks
  if (log?.adapter) {
    const { openKafkaLog } = await import('./kafka/open-log.ts')
    await requireEmptied(deployment, await import('./files/log.ts'), firstOffset)
    return openKafkaLog({
      dataDir,
      ...log.adapter,
      sources: sources ?? new Map(),
      firstOffset,
      knownClock,
      archivedKeys,
      topicName: async (source) => (await archive.manifest(source))?.topicName,
      archivedTopic: async (source) => (await archive.manifest(source))?.topic,
      ...rest,
    })
  }
  await requireEmptied(deployment, await import('./kafka/beside-log.ts'), firstOffset)
  const { FilesLog } = await import('./files/log.ts')
  const archivedStamp = async (source: string, offset: number) => {
    const { nextOffset, lastObservedMs, blocks, clockRepairs } = (await archive.manifest(source))!
    const block = blocks.find(({ firstOffset, endOffset }) => firstOffset <= offset && offset < endOffset)
    // Of the last line it is known without a look into its block.
    const isLast = offset === nextOffset - 1 && !clockRepairs
    if (!block) return undefined
    return isLast ? lastObservedMs : archive.observedMs(source, block, offset)
  }
  return FilesLog.open({
    ...{ dataDir, firstOffset, archivedStamp, archivedKeys, knownClock },
    ...rest,
  })
}

/** Offsets of blocks that only a newer manifest named are given to nobody: one source waits for it, and the others go on. */
async function settledEnd(archive: Archive, source: string): Promise<number> {
  try {
    return (await archive.settle(source))?.nextOffset ?? 0
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'ARCHIVE_NEWER_BLOCKS')
      return Number(error.params['end'])
    throw error
  }
}

/** What a data folder keeps of sources by their names, beside archive and report. */
export async function openNamedLogs({ dataDir, log }: Deployment): Promise<NamedLogs> {
  const { logFolders: ofFiles } = await import('./files/log.ts')
  const { logFolders: ofTopics } = await import('./kafka/beside-log.ts')
  const { Deployments } = await import('./flink/deployment.ts')
  const { NamedLogs } = await import('../log/named-logs.ts')
  return new NamedLogs(dataDir, {
    logs: [ofFiles(dataDir), ofTopics(dataDir)],
    keepsTopic: async (source) => log?.adapter !== undefined || (await ofTopics(dataDir).exists(source)),
    renameJob: (from, to) => new Deployments(dataDir).rename(from, to),
  })
}

/** Which renames are under way. */
export async function openRenames({ dataDir }: Deployment): Promise<RenameJournal> {
  const { RenameJournal } = await import('../archive/rename-journal.ts')
  return new RenameJournal(dataDir)
}

/** How far the logs of the data folder have come while no server has them open. Errors: LOG_DAMAGED. */
export async function readLogEnds({ dataDir, log }: Deployment): Promise<LogEnds[]> {
  const { endsOfLogs } = log?.adapter ? await import('./kafka/beside-log.ts') : await import('./files/log.ts')
  return endsOfLogs(dataDir)
}

/** Of all sources, while nobody has their logs open. Errors: LOG_DAMAGED. */
export async function linesToArchive({ dataDir, log }: Deployment, archive: Archive): Promise<number> {
  const logs = log?.adapter ? await import('./kafka/beside-log.ts') : await import('./files/log.ts')
  let lines = 0
  for (const source of await logs.listLogs(dataDir)) {
    const archived = async () => (await archive.manifest(source))?.nextOffset ?? 0
    lines += await logs.linesAhead(dataDir, source, archived)
  }
  return lines
}

/** Lines that another log still has come before those of this one. Errors: LOG_NOT_EMPTIED. */
async function requireEmptied(
  { dataDir }: Deployment,
  other: Pick<typeof import('./files/log.ts'), 'linesAhead' | 'listLogs'>,
  archived: (source: string) => Promise<number>,
): Promise<void> {
  for (const source of await other.listLogs(dataDir)) {
    const lines = await other.linesAhead(dataDir, source, () => archived(source))
    if (lines > 0) throw new MillraceError('LOG_NOT_EMPTIED', { source, lines })
  }
}

/** A report that is elsewhere must be there, let us in and be writable; one in the data folder is always at hand. */
export async function checkReport(deployment: Deployment): Promise<void> {
  if (deployment.report?.adapter) await (await openReport(deployment, 'write')).close()
}

/** Where the report is, for messages: without a password. */
export function reportPlace({ dataDir, report }: Deployment): string {
  if (!report?.adapter) return join(dataDir, 'report.duckdb')
  const place = new URL(report.adapter.address)
  place.password = ''
  return place.href
}

/** Writes an export's Parquet file in a folder of its own inside the data folder. */
export async function openTableFile(folder: string): Promise<TableFile> {
  const { openParquetFile } = await import('./duckdb/parquet-file.ts')
  return openParquetFile(folder)
}

/** Keeps a second batch out of the data folder; resolves to the release. Errors: DATA_LOCKED. */
export async function lockData({ dataDir }: Deployment, purpose: string): Promise<() => Promise<void>> {
  const { acquireLock } = await import('../archive/lock.ts')
  return acquireLock(join(dataDir, `${purpose}.lock`), purpose)
}

/** How the years of a source's lines are decided at ingest; the year is that of the definition unless given. */
export async function ingestYears(
  source: Source,
  year: number | undefined = source.time.year,
): Promise<Pick<IngestOptions, 'years'>> {
  if (year === undefined || carriesYear(source.time)) return {}
  const { printStamps } = await import('../compile/print-stamps.ts')
  const { duckdbDialect } = await import('./duckdb/dialect.ts')
  return { years: { first: year, stamps: (lines) => printStamps(source, duckdbDialect, lines) } }
}

/** When the lines of one block, whose path the archive has verified, were observed. */
export async function readStamps(blockPath: string, query: StampQuery): Promise<StampRun[]> {
  const { readStamps: read } = await import('./duckdb/read-stamps.ts')
  return read(blockPath, query)
}

/** The raw bytes of the lines at these offsets of one block, whose path the archive has verified. */
export async function readLines(
  blockPath: string,
  offsets: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  const { readLines: read } = await import('./duckdb/read-lines.ts')
  return read(blockPath, offsets)
}
