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
import { codeOf } from './postgres-failure.ts'
import { namesOf, type PostgresNames, quoteName } from './postgres-names.ts'
import { PostgresPublishStore } from './publish-store.ts'
import { TotalsReader } from './query-totals.ts'
import { PostgresRenameStore } from './rename-store.ts'
import { lockSchema, migrateSchema, requireSchema } from './report-schema.ts'
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
  /** How long a lost server is waited for. */
  readonly patienceMs?: number
}

const PATIENCE_MS = 30_000
const OUT_OF_RANGE = '22003'

/** Errors: REPORT_MISSING (readers), REPORT_NEWER_FORMAT, and REPORT_* for whatever the server refuses. */
export async function openPostgresReport(
  { url, schema = 'millrace', caFile }: PostgresPlace,
  mode: 'read' | 'write',
  { text, patienceMs = PATIENCE_MS }: PostgresOptions,
): Promise<Report> {
  const session = await Session.open({ url, ...(caFile !== undefined && { caFile }) }, patienceMs)
  const names = namesOf(schema)
  const path = `schema ${schema} of ${session.shown}`
  try {
    if (mode === 'write') await session.transact('write', (on) => migrateSchema(on, names, path))
    else await session.transact('snapshot', (on) => requireSchema(on, names, path))
    return new PostgresReport(session, names, text)
  } catch (error) {
    await session.close()
    throw error
  }
}

class PostgresReport implements Report {
  readonly #session: Session
  readonly #names: PostgresNames
  readonly #text: StagedTextReader

  readonly #liveRows = new Map<string, LiveRows>()
  readonly #withLive = new Set<string>()

  constructor(session: Session, names: PostgresNames, text: StagedTextReader) {
    this.#session = session
    this.#names = names
    this.#text = text
  }

  /** After a lost connection the run is looked for first: it may have been committed, and is not published twice. */
  publish(publication: Publication): Promise<RunRecord> {
    const runId = randomUUID()
    return this.#session.transact('write', async (transaction) => {
      await lockSchema(transaction, this.#names)
      const sql = `SELECT record FROM ${this.#names.schema}.runs WHERE run_id = $1`
      const [published] = await transaction.rows(sql, [runId])
      if (published) return JSON.parse(String(published[0]))
      const place = { transaction, names: this.#names, text: this.#text, runId }
      return new RunPublisher(new PostgresPublishStore(place), publication).publish()
    })
  }

  /** After a lost connection the advance is looked for first, as a run is. */
  advance(advance: StreamAdvance): Promise<void> {
    const advanceId = randomUUID()
    return this.#session.transact('write', async (transaction) => {
      await lockSchema(transaction, this.#names)
      const streams = `${this.#names.schema}.streams`
      const sql = `SELECT 1 FROM ${streams} WHERE tenant = '' AND source = $1 AND advance_id = $2`
      if ((await transaction.rows(sql, [advance.source, advanceId])).length > 0) return
      const files = await this.#text.openSource(advance.staged)
      const place = {
        transaction,
        names: this.#names,
        text: this.#text,
        liveRows: this.#liveRows,
        withLive: this.#withLive,
        files,
      }
      try {
        await new StreamAdvancer(new PostgresAdvanceStore(place), advance).advance()
      } finally {
        await files.close()
      }
      const done = `UPDATE ${streams} SET advance_id = $2 WHERE tenant = '' AND source = $1`
      await transaction.run(done, [advance.source, advanceId])
    })
  }

  /** Done twice after a lost connection it finds nothing of the old name. */
  renameSource(from: string, to: string): Promise<void> {
    return this.#session.transact('write', async (transaction) => {
      await lockSchema(transaction, this.#names)
      const store = new PostgresRenameStore({ transaction, names: this.#names, text: this.#text })
      await renameInReport(store, { from, to }, sha256)
    })
  }

  streamState(source: string): Promise<StreamState | undefined> {
    return this.#read((transaction) => readStreamState(stateOf(transaction, this.#names), source))
  }

  lateRanges(): Promise<LateRange[]> {
    return this.#read((transaction) => readLateRanges(stateOf(transaction, this.#names)))
  }

  query(query: TotalsQuery): Promise<MergedTotals> {
    return this.#read(async (transaction) => {
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
    return this.#read(async (transaction) => {
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
    return this.#read(async (transaction) => {
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

  metricState(metric: string, version?: string): Promise<MetricState | undefined> {
    return this.#read((transaction) => readMetricState(stateOf(transaction, this.#names), metric, version))
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

  #read<T>(task: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#session.transact('snapshot', task)
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}
