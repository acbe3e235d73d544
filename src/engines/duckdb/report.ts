/** The embedded report: one DuckDB file, `report.duckdb` in the data folder (see docs/report.md). */
import type { DuckDBConnection } from '@duckdb/node-api'
import { StreamAdvancer } from '../../compile/advance-stream.ts'
import { emptyTotals } from '../../compile/align-tallies.ts'
import { type DigestDialect, printDigests, readDigests } from '../../compile/print-digest.ts'
import { printWindowRanges, readWindowRanges } from '../../compile/print-window-ranges.ts'
import { RunPublisher } from '../../compile/publish-run.ts'
import { renameInReport } from '../../compile/rename-source.ts'
import { readHeldMetrics, readMetricState, readRejects, readRuns } from '../../compile/report-state.ts'
import { readLateRanges, readStreamState } from '../../compile/stream-state.ts'
import { MillraceError } from '../../core/error.ts'
import type { RunRecord, TimeRange } from '../../core/run-record.ts'
import type { TallyDigests } from '../../core/tally-digest.ts'
import type {
  DigestQuery,
  HeldMetric,
  LateRange,
  MergedTotals,
  MetricState,
  Publication,
  RejectedLine,
  Report,
  StreamAdvance,
  StreamState,
  TotalsQuery,
  WindowsQuery,
} from '../../ports/report.ts'
import { sha256, tablesOf } from '../table-key.ts'
import { type AdvanceMemory, DuckdbAdvanceStore } from './advance-store.ts'
import { healReport } from './heal-report.ts'
import { allRows, qualifiedTables } from './live-tables.ts'
import { failedError, openReportFile, type ReportFile } from './open-report.ts'
import { DuckdbPublishStore } from './publish-store.ts'
import { TotalsReader } from './query-totals.ts'
import { readRows } from './read-rows.ts'
import { DuckdbRenameStore } from './rename-store.ts'
import { prepareSchema, requireSchema } from './report-schema.ts'
import { hasLiveTables, qualify, stateOf } from './report-tables.ts'
import { describeLost, dropAccount, findLost, writeAccount } from './table-account.ts'
import { withinRange } from './window-range.ts'

/**
 * A reader shares the file with other readers; a writer has it alone. Either waits for up to `waitMs`. Close it
 * soon, since it keeps others out. Errors: REPORT_MISSING (readers), REPORT_LOCKED, REPORT_NEWER_FORMAT.
 */
export async function openDuckdbReport(
  dataDir: string,
  mode: 'read' | 'write',
  {
    waitMs,
    onNews,
  }: { readonly waitMs?: number; readonly onNews?: ((text: string) => void) | undefined } = {},
): Promise<Report> {
  const file = await openReportFile(dataDir, mode, waitMs)
  const report = new DuckdbReport(file)
  try {
    const lost = await report.prepare(mode)
    if (lost) onNews?.(lost.message)
    return report
  } catch (error) {
    await report.close()
    throw error
  }
}

class DuckdbReport implements Report {
  readonly #file: ReportFile
  /** Writers take turns: DuckDB refuses the second of two that change one table. */
  #lastWrite: Promise<unknown> = Promise.resolve()
  readonly #memory: AdvanceMemory = { liveRows: new Map(), withLive: new Set() }

  constructor(file: ReportFile) {
    this.#file = file
  }

  /** Once for each time that the file is opened: until it is closed nobody else changes it. */
  #whole: Promise<void> | undefined
  /** The account holds of what the tables have now. */
  #isAccounted = true

  requireWhole(): Promise<void> {
    this.#whole ??= this.#requireTables()
    return this.#whole
  }

  /** A writer makes again what was lost; resolves to what is to be told of it. */
  async prepare(mode: 'read' | 'write'): Promise<MillraceError | undefined> {
    const { path } = this.#file
    if (mode === 'read') {
      await this.#connected((connection) => requireSchema(connection, path))
      return undefined
    }
    await this.#connected((connection) => prepareSchema(connection, path))
    this.#whole = Promise.resolve()
    const lost = await this.#connected((connection) => transact(connection, () => healReport(connection)))
    if (lost.length === 0) return undefined
    this.#isAccounted = false
    const metrics = [...new Set(lost.map(({ metric }) => metric))].join(', ')
    return new MillraceError('REPORT_TABLES_LOST', { path, metrics, what: describeLost(lost) })
  }

  async #requireTables(): Promise<void> {
    const lost = await this.#reading(findLost)
    const { path } = this.#file
    if (lost.length > 0) throw new MillraceError('REPORT_INCOMPLETE', { path, what: describeLost(lost) })
  }

  look(): Promise<void> {
    return this.#file.requireHeld()
  }

  publish(publication: Publication): Promise<RunRecord> {
    return this.#writing(async (connection) => {
      const record = await transact(connection, async () => {
        const published = await new RunPublisher(new DuckdbPublishStore(connection), publication).publish()
        await writeAccount(connection)
        return published
      })
      this.#isAccounted = true
      await giveBackSpace(connection)
      return record
    })
  }

  advance(advance: StreamAdvance): Promise<void> {
    return this.#writing(async (connection) => {
      await transact(connection, async () => {
        if (this.#isAccounted) await dropAccount(connection)
        await new StreamAdvancer(new DuckdbAdvanceStore(connection, this.#memory), advance).advance()
      })
      this.#isAccounted = false
    })
  }

  renameSource(from: string, to: string): Promise<void> {
    return this.#writing((connection) =>
      transact(connection, async () => {
        await renameInReport(new DuckdbRenameStore(connection), { from, to }, sha256)
        await writeAccount(connection)
      }),
    )
  }

  streamState(source: string): Promise<StreamState | undefined> {
    return this.#reading((connection) => readStreamState(stateOf(connection), source))
  }

  lateRanges(): Promise<LateRange[]> {
    return this.#connected((connection) => readLateRanges(stateOf(connection)))
  }

  async query(query: TotalsQuery): Promise<MergedTotals> {
    await this.requireWhole()
    return this.#reading(async (connection) => {
      const { metric, version } = query.plan
      const state = await readMetricState(stateOf(connection), metric, version)
      const { firstWindowMs: firstMs, lastWindowMs: lastMs } = state ?? {}
      if (state?.version !== version || typeof firstMs !== 'number' || typeof lastMs !== 'number')
        return emptyTotals(query)
      const isLive = await hasLiveTables(connection, query.plan)
      return new TotalsReader(connection, query, { firstMs, lastMs, isLive }).read()
    }, query.plan.metric)
  }

  async digest(query: DigestQuery): Promise<TallyDigests> {
    const { plan } = query
    await this.requireWhole()
    return this.#reading(async (connection) => {
      const isLive = await hasLiveTables(connection, plan)
      const dialect: DigestDialect = {
        numberOfHex: (digits) => `CAST('0x' || ${digits} AS BIGINT)`,
        epochMs: (column) => `epoch_ms(${column})`,
        qualify,
        rowsOf: (tally) => (isLive ? allRows(plan, tally) : qualifiedTables(plan, tally).ordinary),
        range: withinRange(query.range),
      }
      const sql = printDigests(query, tablesOf(plan.metric, plan.version), dialect)
      return readDigests(query, await readRows(connection, sql))
    }, plan.metric)
  }

  async windowRanges(query: WindowsQuery): Promise<Required<TimeRange>[]> {
    const { plan } = query
    await this.requireWhole()
    return this.#reading(async (connection) => {
      const isLive = await hasLiveTables(connection, plan)
      const sql = printWindowRanges(query, {
        epochMs: (column) => `epoch_ms(${column})`,
        tablesOf: (tally) => {
          const { ordinary, live } = qualifiedTables(plan, tally)
          return isLive ? [ordinary, live] : [ordinary]
        },
        range: withinRange(query.range),
      })
      return readWindowRanges(query, await readRows(connection, sql))
    }, plan.metric)
  }

  async metricState(metric: string, version?: string): Promise<MetricState | undefined> {
    await this.requireWhole()
    return this.#reading((connection) => readMetricState(stateOf(connection), metric, version))
  }

  heldMetrics(): Promise<HeldMetric[]> {
    return this.#connected((connection) => readHeldMetrics(stateOf(connection)))
  }

  runs(limit: number): Promise<RunRecord[]> {
    return this.#connected((connection) => readRuns(stateOf(connection), limit))
  }

  rejects(source: string, limit: number): Promise<{ total: number; lines: RejectedLine[] }> {
    return this.#connected((connection) => readRejects(stateOf(connection), source, limit))
  }

  /** It waits for no other machine. */
  interrupt(): void {}

  async close(): Promise<void> {
    await this.#lastWrite
    // Without it nothing is noticed but a table that is not there.
    if (!this.#isAccounted)
      await this.#connected((connection) => transact(connection, () => writeAccount(connection))).catch(
        () => undefined,
      )
    await this.#file.close()
  }

  #writing<T>(task: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const written = this.#lastWrite.then(() => this.#connected(task))
    this.#lastWrite = written.catch(() => undefined)
    return written
  }

  /** One snapshot for all statements of the task. */
  #reading<T>(task: (connection: DuckDBConnection) => Promise<T>, metric = ''): Promise<T> {
    return this.#connected(async (connection) => {
      await connection.run('BEGIN')
      return task(connection)
    }, metric)
  }

  /** A connection for one task, which may leave a transaction and temporary tables behind in it. */
  async #connected<T>(task: (connection: DuckDBConnection) => Promise<T>, metric = ''): Promise<T> {
    await this.#file.requireHeld()
    const connection = await this.#file.instance.connect()
    try {
      return await task(connection)
    } catch (error) {
      throw this.#explain(error, metric)
    } finally {
      connection.closeSync()
    }
  }

  #explain(error: unknown, metric: string): unknown {
    // DuckDB throws plain errors; a TypeError is a bug and must look like one.
    if (!(error instanceof Error) || error.constructor !== Error) return error
    if (/overflow|out of range/i.test(error.message) && metric !== '')
      return new MillraceError('REPORT_SUM_OVERFLOW', { metric }, { cause: error })
    return failedError(this.#file.path, error)
  }
}

/**
 * After a commit: the space of what was replaced. The run is durable in DuckDB's log already, and while somebody reads
 * with tables of its own the space is given back by a later checkpoint.
 */
async function giveBackSpace(connection: DuckDBConnection): Promise<void> {
  try {
    await connection.run('CHECKPOINT')
  } catch (error) {
    if (!(error instanceof Error && /^TransactionContext Error: Cannot CHECKPOINT/.test(error.message)))
      throw error
  }
}

/** Rolls back on any error, so the report stays as it was. */
async function transact<T>(connection: DuckDBConnection, task: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN')
  try {
    const result = await task()
    await connection.run('COMMIT')
    return result
  } catch (error) {
    // A failed statement may have ended the transaction already; then there is nothing to roll back.
    await connection.run('ROLLBACK').catch(() => undefined)
    throw error
  }
}
