/** Publishing: everything a batch run changes in the report, in one transaction that the ledger must allow. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { checkLedger } from '../../core/check-ledger.ts'
import type { MetricPlan } from '../../core/plan.ts'
import type { Ledger, RunRecord, TimeRange } from '../../core/run-record.ts'
import { addRange, isWholeRange } from '../../core/time-coverage.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { Publication } from '../../ports/report.ts'
import { duckdbDialect } from './dialect.ts'
import { TotalsLoader } from './load-totals.ts'
import { printView } from './metric-view.ts'
import { type BoundValue, readRows, runBound } from './read-rows.ts'
import { readCoverage } from './report-state.ts'
import { allTables, qualify, SCHEMA, tablesOf } from './report-tables.ts'
import { timestampOf } from './window-range.ts'

type PublishedSource = Publication['sources'][number]

export class RunPublisher {
  readonly #connection: DuckDBConnection
  readonly #publication: Publication

  constructor(connection: DuckDBConnection, publication: Publication) {
    this.#connection = connection
    this.#publication = publication
  }

  /** Rolls back on any error, so the report stays as it was. Errors: LEDGER_MISMATCH. */
  async publish(): Promise<RunRecord> {
    await this.#connection.run('BEGIN')
    try {
      const record = await this.#publishAll()
      await this.#connection.run('COMMIT')
      return record
    } catch (error) {
      // A failed statement may have ended the transaction already; then there is nothing to roll back.
      await this.#connection.run('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  async #publishAll(): Promise<RunRecord> {
    const sql = `SELECT coalesce(max(revision), 0) + 1 FROM ${SCHEMA}.runs`
    const revision = Number((await readRows(this.#connection, sql))[0]![0])
    const rows = new Map<string, number>()
    for (const source of this.#publication.sources) {
      await this.#addLedger(revision, source)
      for (const plan of source.plans)
        rows.set(plan.metric, await this.#publishMetric(revision, source, plan))
      await this.#replaceRejects(revision, source)
    }
    const record = this.#publication.record(revision, rows)
    await this.#insert(
      'runs',
      [
        revision,
        timestampOf(record.startedMs),
        timestampOf(record.finishedMs),
        duckdbDialect.quoteText(record.engine),
        '$1',
      ],
      [JSON.stringify(record)],
    )
    return record
  }

  async #addLedger(revision: number, { staged, appended }: PublishedSource): Promise<void> {
    const source = staged.source
    const lines: Ledger[] = [
      { source, appended, counted: staged.parsed, filtered: staged.headers, rejected: staged.rejected },
      ...staged.metrics.map(({ metric, counted, filtered, rejected }) => {
        return { source, metric, appended, counted, filtered, rejected }
      }),
    ]
    for (const line of lines) {
      checkLedger(line)
      const { metric, counted, filtered, rejected } = line
      await this.#insert(
        'ledger',
        [revision, '$1', '$2', appended, counted, filtered, rejected],
        [source, metric ?? null],
      )
    }
  }

  async #publishMetric(revision: number, source: PublishedSource, plan: MetricPlan): Promise<number> {
    const { range } = this.#publication
    const staged = source.staged.metrics.find(({ metric }) => metric === plan.metric)
    if (!staged) throw new Error(`metric ${plan.metric} was not staged`)
    const loaded = await new TotalsLoader(this.#connection, { plan, staged, range, revision }).load()
    checkStored(source, staged, loaded.records)
    const coverage = await this.#replaceCoverage(plan, range)
    if (isWholeRange(range)) await this.#dropOtherVersions(plan)
    await this.#describeMetric(revision, plan)
    const isAlone = (await this.#versionsOf(plan.metric)).length === 1
    // A new version of which only ranges exist must not take the place of the whole totals others may be reading.
    if (isAlone || coverage.some(isWholeRange)) await this.#connection.run(printView(plan))
    return loaded.rows
  }

  async #replaceCoverage(plan: MetricPlan, range: TimeRange): Promise<TimeRange[]> {
    const before = await readCoverage(this.#connection, plan.metric, plan.version)
    const coverage = addRange(before, range)
    await this.#forget('coverage', plan.metric, plan.version)
    for (const { fromMs, toMs } of coverage) {
      const [from, to] = [fromMs, toMs].map((ms) => (ms === undefined ? 'NULL' : timestampOf(ms)))
      await this.#insert('coverage', ['$1', '$2', from!, to!], [plan.metric, plan.version])
    }
    return coverage
  }

  async #dropOtherVersions({ metric, version }: MetricPlan): Promise<void> {
    for (const other of await this.#versionsOf(metric)) {
      if (other.version === version) continue
      for (const table of allTables(other.plan))
        await this.#connection.run(`DROP TABLE IF EXISTS ${qualify(table)}`)
      for (const name of ['metrics', 'measures', 'coverage']) await this.#forget(name, metric, other.version)
    }
  }

  async #versionsOf(metric: string): Promise<{ version: string; plan: MetricPlan }[]> {
    const sql = `SELECT version, plan FROM ${SCHEMA}.metrics WHERE tenant = '' AND metric = $1`
    const rows = await readRows(this.#connection, sql, [metric])
    return rows.map(([version, plan]) => ({ version: String(version), plan: JSON.parse(String(plan)) }))
  }

  async #describeMetric(revision: number, plan: MetricPlan): Promise<void> {
    const { metric, version } = plan
    const tables = tablesOf(metric, version)
    for (const name of ['metrics', 'measures']) await this.#forget(name, metric, version)
    const bounds = ['min', 'max'].map((fn) => `(SELECT ${fn}(window_start) FROM ${qualify(tables.totals)})`)
    await this.#insert(
      'metrics',
      ['$1', '$2', revision, '$3', plan.windowMs, ...bounds, '$4', '$5', '$6'],
      [metric, version, plan.source, tables.totals, tables.series, JSON.stringify(plan)],
    )
    for (const { measure, tally, columns, scale } of plan.measures) {
      const isKeyed = plan.tallies.some(({ id, key }) => id === tally && key)
      await this.#insert(
        'measures',
        ['$1', '$2', '$3', '$4', '$5', scale, '$6', `string_split('${columns.join(',')}', ',')`],
        [
          metric,
          version,
          measure.name,
          measure.call.aggregate,
          measure.unit ?? null,
          isKeyed ? tables.sketch(tally) : tables.totals,
        ],
      )
    }
  }

  /** A run reads every line, so it knows all rejects of its source; those of metrics it left out stay. */
  async #replaceRejects(revision: number, { staged, plans }: PublishedSource): Promise<void> {
    const source = duckdbDialect.quoteText(staged.source)
    const names = plans.map((plan) => duckdbDialect.quoteText(plan.metric)).join(', ')
    const mine = names === '' ? '' : ` OR metric IN (${names})`
    const table = `${SCHEMA}.rejects`
    await this.#connection.run(
      `DELETE FROM ${table} WHERE tenant = '' AND source = ${source} AND (metric IS NULL${mine})`,
    )
    const columns = `'', ${source}, ${revision}, block, "offset", metric, reason, field`
    const file = `read_parquet(${duckdbDialect.quoteText(staged.rejectsPath)})`
    await this.#connection.run(
      `INSERT INTO ${table} SELECT ${columns} FROM ${file} ORDER BY "offset", metric`,
    )
  }

  /** `columns` are SQL; user text stands in `values`. */
  async #insert(
    table: string,
    columns: readonly (string | number)[],
    values: readonly BoundValue[],
  ): Promise<void> {
    await runBound(
      this.#connection,
      `INSERT INTO ${SCHEMA}.${table} VALUES ('', ${columns.join(', ')})`,
      values,
    )
  }

  async #forget(table: string, metric: string, version: string): Promise<void> {
    const sql = `DELETE FROM ${SCHEMA}.${table} WHERE tenant = '' AND metric = $1 AND version = $2`
    await runBound(this.#connection, sql, [metric, version])
  }
}

/** What the engine says it counted must be what its rows hold. */
function checkStored(
  source: PublishedSource,
  staged: StagedSource['metrics'][number],
  records: number,
): void {
  const { metric, filtered, rejected } = staged
  checkLedger({
    source: source.staged.source,
    metric,
    appended: source.appended,
    counted: records,
    filtered,
    rejected,
  })
}
