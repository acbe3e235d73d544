/** Puts the staged partials of one metric into its tables, inside the caller's transaction. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Loaded, LoadJob } from '../../compile/publish-run.ts'
import { isExact } from '../../compile/report-tables.ts'
import type { Tally, TallyColumn } from '../../core/plan.ts'
import { isWholeRange } from '../../core/time-coverage.ts'
import { tablesOf } from '../table-key.ts'
import { duckdbDialect } from './dialect.ts'
import { readRows } from './read-rows.ts'
import { hasLiveTables, qualify, SCHEMA, WIDE } from './report-tables.ts'
import { printNewSeries } from './series-sql.ts'
import { outsideRange, timestampOf, withinRange } from './window-range.ts'

const BIGINT_LEAST = -(2n ** 63n)
const BIGINT_MOST = 2n ** 63n - 1n

export class TotalsLoader {
  readonly #connection: DuckDBConnection
  readonly #job: LoadJob
  readonly #tables: ReturnType<typeof tablesOf>

  constructor(connection: DuckDBConnection, job: LoadJob) {
    this.#connection = connection
    this.#job = job
    this.#tables = tablesOf(job.plan.metric, job.plan.version)
  }

  /** An open range replaces the tables; any other replaces the windows that start in it. */
  async load(): Promise<Loaded> {
    const isNew = (await this.#columnTypes(this.#tables.series)).size === 0
    const replaces = isNew || isWholeRange(this.#job.range)
    await this.#loadSeries(replaces)
    for (const tally of this.#job.plan.tallies) await this.#loadTally(tally, replaces)
    const base = this.#job.plan.tallies.find((tally) => !tally.key)!
    const sql = `SELECT count(*), coalesce(sum(records), 0) FROM ${this.#staged(base)}`
    const [rows, records] = (await readRows(this.#connection, sql))[0]!
    return { rows: Number(rows), records: Number(records), ...(await this.#bounds()) }
  }

  async #bounds(): Promise<Pick<Loaded, 'first' | 'last'>> {
    const bounds = ['min', 'max'].map((fn) => `epoch_ms(${fn}(window_start))`).join(', ')
    const live = (await hasLiveTables(this.#connection, this.#job.plan))
      ? ` UNION ALL SELECT window_start FROM ${qualify(this.#tables.live(this.#tables.totals))}`
      : ''
    const starts = `SELECT window_start FROM ${qualify(this.#tables.totals)}${live}`
    const sql = `SELECT ${bounds} FROM (${starts})`
    const [first, last] = (await readRows(this.#connection, sql))[0]!.map((ms) => ({
      ms: ms === null ? null : Number(ms),
    }))
    return { first: first!, last: last! }
  }

  async #loadSeries(replaces: boolean): Promise<void> {
    const table = qualify(this.#tables.series)
    const base = this.#job.plan.tallies.find((tally) => !tally.key)!
    const series = printNewSeries(this.#job.plan, this.#staged(base), replaces ? undefined : table)
    const select = `SELECT '' AS tenant, * FROM (${series}) ORDER BY series_id`
    const into = replaces ? `CREATE OR REPLACE TABLE ${table} AS` : `INSERT INTO ${table}`
    await this.#connection.run(`${into} ${select}`)
  }

  async #loadTally(tally: Tally, replaces: boolean): Promise<void> {
    const name = tally.key ? this.#tables.sketch(tally.id) : this.#tables.totals
    const table = qualify(name)
    const standing = await this.#columnTypes(name)
    const types = await this.#neededTypes(tally, replaces ? new Map() : standing)
    const incoming = this.#selectStaged(tally, types)
    if (replaces) {
      await this.#connection.run(`CREATE OR REPLACE TABLE ${table} AS ${incoming}`)
    } else if (tally.columns.some(({ column }) => types.get(column) !== standing.get(column))) {
      const casts = [...types].map(([column, type]) => `CAST(${column} AS ${type}) AS ${column}`)
      const kept = `SELECT * REPLACE (${casts.join(', ')}) FROM ${table} WHERE ${outsideRange(this.#job.range)}`
      const both = `SELECT * FROM (${kept} UNION ALL SELECT * FROM (${incoming}))`
      await this.#connection.run(`CREATE OR REPLACE TABLE ${table} AS ${both} ${orderOf(tally)}`)
    } else {
      await this.#connection.run(`DELETE FROM ${table} WHERE ${withinRange(this.#job.range)}`)
      await this.#connection.run(`INSERT INTO ${table} ${incoming}`)
    }
  }

  #selectStaged(tally: Tally, types: ReadonlyMap<string, string>): string {
    const columns = [
      `'' AS tenant`,
      `CAST(${this.#job.revision} AS BIGINT) AS revision`,
      `${timestampOf('p.window_ms')} AS window_start`,
      's.series_id',
      ...(tally.key ? ['CAST(p."key" AS INTEGER) AS "key"'] : []),
      ...tally.columns.map(({ column }) => `CAST(p.${column} AS ${types.get(column)}) AS ${column}`),
    ]
    const join = `${this.#staged(tally)} p JOIN ${qualify(this.#tables.series)} s ON s.series_key = CAST(p.series_key AS UUID)`
    return `SELECT ${columns.join(', ')} FROM ${join} ${orderOf(tally)}`
  }

  /** A column once wide stays wide until the table is replaced. */
  async #neededTypes(tally: Tally, standing: ReadonlyMap<string, string>): Promise<Map<string, string>> {
    const types = new Map<string, string>()
    for (const column of tally.columns) {
      const wide = standing.get(column.column) === WIDE || !(await this.#fitsBigint(tally, column))
      types.set(column.column, column.fn !== 'count' && !isExact(column) ? 'DOUBLE' : wide ? WIDE : 'BIGINT')
    }
    return types
  }

  async #fitsBigint(tally: Tally, column: TallyColumn): Promise<boolean> {
    if (!isExact(column)) return true
    const name = column.column
    const bounds = `CAST(min(${name}) AS HUGEINT), CAST(max(${name}) AS HUGEINT)`
    const [least, most] = (
      await readRows(this.#connection, `SELECT ${bounds} FROM ${this.#staged(tally)}`)
    )[0]!
    return least === null || ((least as bigint) >= BIGINT_LEAST && (most as bigint) <= BIGINT_MOST)
  }

  #staged(tally: Tally): string {
    const file = this.#job.staged.tallies.find(({ id }) => id === tally.id)
    if (!file) throw new Error(`tally ${tally.id} of metric ${this.#job.plan.metric} was not staged`)
    return `read_parquet(${duckdbDialect.quoteText(file.path)})`
  }

  async #columnTypes(table: string): Promise<Map<string, string>> {
    const sql = `SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = '${SCHEMA}' AND table_name = ${duckdbDialect.quoteText(table)}`
    return new Map(
      (await readRows(this.#connection, sql)).map(([name, type]) => [String(name), String(type)]),
    )
  }
}

/** Sorted rows compress well and let a range of windows skip most of the table. */
function orderOf(tally: Tally): string {
  return `ORDER BY window_start, series_id${tally.key ? ', "key"' : ''}`
}
