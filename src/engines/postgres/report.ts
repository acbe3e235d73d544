/** The report in PostgreSQL: a schema of its own in any database (see docs/report.md). */
import { randomUUID } from 'node:crypto'
import { StreamAdvancer } from '../../compile/advance-stream.ts'
import { emptyTotals } from '../../compile/align-tallies.ts'
import { type DigestDialect, printDigests, readDigests } from '../../compile/print-digest.ts'
import { printWindowRanges, readWindowRanges } from '../../compile/print-window-ranges.ts'
import { RunPublisher } from '../../compile/publish-run.ts'
import { renameInReport } from '../../compile/rename-source.ts'
import { readHeldMetrics, readMetricState, readRejects, readRuns } from '../../compile/report-state.ts'
import { readLateRanges, readStreamState } from '../../compile/stream-state.ts'
import { MillraceError } from '../../core/error.ts'
import type { MetricPlan } from '../../core/plan.ts'
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
import type { StagedTextReader } from '../../ports/staged-text.ts'
import { sha256, tablesOf } from '../table-key.ts'
import { type LiveRows, PostgresAdvanceStore } from './advance-store.ts'
import { findLost, type LostTable, type SeenFiles } from './find-lost.ts'
import { healReport } from './heal-report.ts'
import { codeOf } from './postgres-failure.ts'
import { namesOf, type PostgresNames, quoteName } from './postgres-names.ts'
import { PostgresPublishStore } from './publish-store.ts'
import { TotalsReader } from './query-totals.ts'
import { PostgresRenameStore } from './rename-store.ts'
import { lockSchema, migrateSchema, requireOwnTables, requireSchema } from './report-schema.ts'
import { allRows, hasLiveTables, stateOf, tablesIn, withinRange } from './report-sql.ts'
import { Session, type Transaction } from './session.ts'

export interface PostgresPlace {
  /** postgres://user@host:5432/database?sslmode=…; a password may stand there, in PGPASSWORD or in ~/.pgpass. */
  readonly url: string
  /** `millrace` when absent; views stand in this schema's name with `_views` after it. */
  readonly schema?: string
  readonly caFile?: string
}

export interface PostgresOptions {
  /** Reads staged files and decides conditions on this machine. */
  readonly text: StagedTextReader
  /** How long a lost server, or a lock that somebody holds, is waited for. */
  readonly patienceMs?: number
  /** Shortly after it whatever waits for the server fails. */
  readonly signal?: AbortSignal
  /** Hears of tables that were lost and made again, and whose transaction a writer waits for. */
  onNews?(text: string): void
}

const PATIENCE_MS = 30_000
/** A run that has computed for long does not give way to another one that is publishing. */
const PUBLISH_WAIT_MS = 600_000
/** Within which a transaction that is nearly done ends. */
const GRACE_MS = 1500
const OUT_OF_RANGE = '22003'
/** A table, schema or column that is not there. */
const MISSING = ['42P01', '3F000', '42703']

/** Errors: REPORT_MISSING (readers), REPORT_NEWER_FORMAT, and REPORT_* for whatever the server refuses. */
export async function openPostgresReport(
  { url, schema = 'millrace', caFile }: PostgresPlace,
  mode: 'read' | 'write',
  { text, patienceMs = PATIENCE_MS, onNews, signal }: PostgresOptions,
): Promise<Report> {
  const path = (shown: string) => `schema ${schema} of ${shown}`
  const tell = (blocker: string) =>
    onNews?.(new MillraceError('REPORT_WAITS', { path: path(session.shown), blocker }).message)
  const session: Session = await Session.open(
    { url, ...(caFile !== undefined && { caFile }) },
    { patienceMs, ...(mode === 'write' && { onBlocked: tell }) },
  )
  signal?.addEventListener('abort', () => setTimeout(() => session.interrupt(), GRACE_MS).unref(), {
    once: true,
  })
  const names = namesOf(schema)
  try {
    const report = new PostgresReport({ session, names, text, path: path(session.shown), mode })
    if (mode === 'write') {
      const lost = await report.heal()
      if (lost) onNews?.(lost.message)
    } else await session.transact('snapshot', (on) => requireSchema(on, names, path(session.shown)))
    return report
  } catch (error) {
    await session.close()
    throw error
  }
}

interface ReportPlace {
  readonly session: Session
  readonly names: PostgresNames
  readonly text: StagedTextReader
  /** For messages. */
  readonly path: string
  readonly mode: 'read' | 'write'
}

class PostgresReport implements Report {
  readonly #place: ReportPlace
  readonly #session: Session
  readonly #names: PostgresNames
  readonly #text: StagedTextReader

  readonly #liveRows = new Map<string, LiveRows>()
  readonly #withLive = new Set<string>()
  readonly #olderViews = new Map<string, number>()
  readonly #seen: SeenFiles = new Map()

  constructor(place: ReportPlace) {
    this.#place = place
    this.#session = place.session
    this.#names = place.names
    this.#text = place.text
  }

  /** After a lost connection the run is looked for first: it may have been committed, and is not published twice. */
  publish(publication: Publication): Promise<RunRecord> {
    const runId = randomUUID()
    return this.#write(async (transaction) => {
      const sql = `SELECT record FROM ${this.#names.schema}.runs WHERE run_id = $1`
      const [published] = await transaction.rows(sql, [runId])
      if (published) return JSON.parse(String(published[0]))
      const place = { transaction, names: this.#names, text: this.#text, runId }
      const store = new PostgresPublishStore(place)
      const record = await new RunPublisher(store, publication).publish()
      await store.book.write()
      return record
    }, PUBLISH_WAIT_MS)
  }

  /** After a lost connection the advance is looked for first, as a run is. */
  advance(advance: StreamAdvance): Promise<void> {
    const advanceId = randomUUID()
    return this.#write(async (transaction) => {
      const streams = `${this.#names.schema}.streams`
      const sql = `SELECT 1 FROM ${streams} WHERE tenant = '' AND source = $1 AND advance_id = $2`
      if ((await transaction.rows(sql, [advance.source, advanceId])).length > 0) return
      const files = await this.#text.openSource(advance.staged)
      const store = new PostgresAdvanceStore({
        transaction,
        names: this.#names,
        text: this.#text,
        liveRows: this.#liveRows,
        withLive: this.#withLive,
        olderViews: this.#olderViews,
        files,
      })
      try {
        await new StreamAdvancer(store, advance).advance()
      } finally {
        await files.close()
      }
      await store.book.write()
      const done = `UPDATE ${streams} SET advance_id = $2 WHERE tenant = '' AND source = $1`
      await transaction.run(done, [advance.source, advanceId])
    })
  }

  /** Done twice after a lost connection it finds nothing of the old name. */
  renameSource(from: string, to: string): Promise<void> {
    return this.#write(async (transaction) => {
      const store = new PostgresRenameStore({ transaction, names: this.#names, text: this.#text })
      await renameInReport(store, { from, to }, sha256)
    }, PUBLISH_WAIT_MS)
  }

  streamState(source: string): Promise<StreamState | undefined> {
    return this.#read((transaction) => readStreamState(stateOf(transaction, this.#names), source))
  }

  lateRanges(): Promise<LateRange[]> {
    return this.#read((transaction) => readLateRanges(stateOf(transaction, this.#names)))
  }

  query(query: TotalsQuery): Promise<MergedTotals> {
    return this.#readTotals(query.plan, async (transaction) => {
      const { metric, version } = query.plan
      const state = await readMetricState(stateOf(transaction, this.#names), metric, version)
      if (state?.version !== version || state.firstWindowMs === null) return emptyTotals(query)
      const isLive = await hasLiveTables(transaction, this.#names, query.plan)
      const place = { transaction, names: this.#names, text: this.#text, isLive }
      try {
        return await new TotalsReader(place, query).read()
      } catch (error) {
        if (codeOf(error) !== OUT_OF_RANGE) throw error
        throw new MillraceError('REPORT_SUM_OVERFLOW', { metric }, { cause: error })
      }
    })
  }

  digest(query: DigestQuery): Promise<TallyDigests> {
    const { plan } = query
    const qualify = (table: string) => `${this.#names.schema}.${quoteName(table)}`
    return this.#readTotals(plan, async (transaction) => {
      const isLive = await hasLiveTables(transaction, this.#names, plan)
      const dialect: DigestDialect = {
        numberOfHex: (digits) => `CAST(CAST('x' || lpad(${digits}, 16, '0') AS bit(64)) AS bigint)`,
        epochMs: stateOf(transaction, this.#names).epochMs,
        qualify,
        rowsOf: (tally) =>
          isLive ? allRows(this.#names, plan, tally) : tablesIn(this.#names, plan, tally).ordinary,
        range: withinRange(query.range),
      }
      const sql = printDigests(query, tablesOf(plan.metric, plan.version), dialect)
      return readDigests(query, await transaction.rows(sql))
    })
  }

  windowRanges(query: WindowsQuery): Promise<Required<TimeRange>[]> {
    const { plan } = query
    return this.#readTotals(plan, async (transaction) => {
      const isLive = await hasLiveTables(transaction, this.#names, plan)
      const sql = printWindowRanges(query, {
        epochMs: stateOf(transaction, this.#names).epochMs,
        tablesOf: (tally) => {
          const { ordinary, live } = tablesIn(this.#names, plan, tally)
          return isLive ? [ordinary, live] : [ordinary]
        },
        range: withinRange(query.range),
      })
      return readWindowRanges(query, await transaction.rows(sql))
    })
  }

  /** What it says of totals that are lost would not be so. */
  metricState(metric: string, version?: string): Promise<MetricState | undefined> {
    return this.#read(async (transaction) => {
      const state = await readMetricState(stateOf(transaction, this.#names), metric, version)
      if (state) await this.#requireTables(transaction, state)
      return state
    })
  }

  async requireWhole(): Promise<void> {
    const { path, mode } = this.#place
    const lost = await this.#read(async (on) => {
      await requireOwnTables(on, this.#names, path)
      return findLost(on, this.#names, { seen: this.#seen })
    })
    if (lost.length === 0) return
    if (mode === 'read') throw new MillraceError('REPORT_INCOMPLETE', { path, what: describeLost(lost) })
    const healed = await this.heal()
    if (healed) throw healed
  }

  /** The layout and all tables. Resolves to what is to be told of those that were lost. */
  async heal(): Promise<MillraceError | undefined> {
    const { session, names, text, path } = this.#place
    const lost = await session.transact('write', async (transaction) => {
      await migrateSchema(transaction, names, path)
      return healReport({ transaction, names, text, seen: this.#seen, path })
    })
    if (lost.length === 0) return undefined
    for (const memory of [this.#liveRows, this.#withLive, this.#olderViews, this.#seen]) memory.clear()
    const metrics = [...new Set(lost.map(({ metric }) => metric))].join(', ')
    return new MillraceError('REPORT_TABLES_LOST', { path, metrics, what: describeLost(lost) })
  }

  heldMetrics(): Promise<HeldMetric[]> {
    return this.#read((transaction) => readHeldMetrics(stateOf(transaction, this.#names)))
  }

  runs(limit: number): Promise<RunRecord[]> {
    return this.#read((transaction) => readRuns(stateOf(transaction, this.#names), limit))
  }

  rejects(source: string, limit: number): Promise<{ total: number; lines: RejectedLine[] }> {
    return this.#read((transaction) => readRejects(stateOf(transaction, this.#names), source, limit))
  }

  /** Under the lock of the schema. */
  #write<T>(task: (transaction: Transaction) => Promise<T>, waitMs?: number): Promise<T> {
    const locked = async (transaction: Transaction) => {
      await lockSchema(transaction, this.#names)
      return task(transaction)
    }
    return this.#healing(() => this.#session.transact('write', locked, waitMs))
  }

  #read<T>(task: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#healing(() => this.#session.transact('snapshot', task))
  }

  /** In one snapshot with a look at the tables of the version. */
  #readTotals<T>(plan: MetricPlan, task: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#read(async (transaction) => {
      await this.#requireTables(transaction, plan)
      return task(transaction)
    })
  }

  async #requireTables(
    transaction: Transaction,
    plan: Pick<MetricPlan, 'metric' | 'version'>,
  ): Promise<void> {
    const lost = await findLost(transaction, this.#names, { plan })
    if (lost.length === 0) return
    const { path } = this.#place
    throw new MillraceError('REPORT_INCOMPLETE', { path, what: describeLost(lost) })
  }

  /** A statement that meets a table that is not there says so; then the report is looked at as a whole. */
  async #healing<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      const { cause } = error as { cause?: unknown }
      if (!(error instanceof MillraceError) || !MISSING.includes(codeOf(cause))) throw error
      const { path, mode } = this.#place
      const what = (cause as Error).message
      await this.#session.transact('snapshot', (on) => requireOwnTables(on, this.#names, path))
      if (mode === 'read') throw new MillraceError('REPORT_INCOMPLETE', { path, what }, { cause: error })
      throw (
        (await this.heal()) ??
        new MillraceError('REPORT_TABLES_LOST', { path, what, metrics: 'every metric' })
      )
    }
  }

  interrupt(): void {
    this.#session.interrupt()
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}

function describeLost(lost: readonly LostTable[]): string {
  const shown = lost.slice(0, MOST_SHOWN).map(({ metric, table, how }) => `${table} of ${metric} (${how})`)
  const others = lost.length - shown.length
  return `${shown.join(', ')}${others > 0 ? ` and ${others} others` : ''}`
}

const MOST_SHOWN = 5
