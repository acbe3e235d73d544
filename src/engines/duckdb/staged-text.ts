/** Staged Parquet files as tab-separated text, for reports in other databases; conditions decided as batches do. */
import { dirname, join } from 'node:path'
import type { DuckDBBlobValue, DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Expr } from '../../core/expr.ts'
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { DimensionValue } from '../../ports/report.ts'
import type {
  Lines,
  SeriesNumber,
  StagedFiles,
  StagedPartials,
  StagedText,
  StagedTextReader,
  TextCount,
} from '../../ports/staged-text.ts'
import { duckdbDialect } from './dialect.ts'
import { type LineColumn, writeLines } from './line-writer.ts'
import { openConfined } from './open-confined.ts'
import { readColumns, readRows } from './read-rows.ts'
import { dimensionColumnType } from './report-tables.ts'
import { printNewSeries } from './series-sql.ts'
import { outsideRanges, timestampOf } from './window-range.ts'

const STANDING = 'standing_series'
const NEW = 'new_series'
const NUMBERS = 'series_numbers'
const SORTED = 'sorted_rows'

const PIECE_ROWS = 6_000
/** Of a tally: the start of a statement for each piece weighs on its few columns of numbers. */
const TALLY_ROWS = 24_576
/** What a JavaScript date may be. */
const MOST_INSTANT_MS = 8.64e15

interface OpenFiles {
  readonly connection: DuckDBConnection
  close(): void
}

export const stagedTextReader: StagedTextReader = {
  async openMetric(plan, staged, standing) {
    const files = await openFiles(staged.tallies.map(({ path }) => path))
    try {
      await numberSeries(files.connection, plan, staged, standing)
      return new MetricText(files, staged)
    } catch (error) {
      files.close()
      throw error
    }
  },

  async openSource(staged) {
    const paths = staged.metrics.flatMap(({ tallies }) => tallies.map(({ path }) => path))
    return new SourceFiles(await openInstance([...paths, staged.rejectsPath]), staged)
  },

  async *readRejects(staged, revision) {
    const files = await openFiles([staged.rejectsPath])
    try {
      yield* readRejectLines(staged, revision, (sql) => readRows(files.connection, sql))
    } finally {
      files.close()
    }
  },

  async decide(plan, where, rows) {
    const files = await openFiles([])
    try {
      return await decideRows(files.connection, plan, where, rows)
    } finally {
      files.close()
    }
  },
}

/** One database reads all files; each metric has a connection, since temporary tables have the same names. */
class SourceFiles implements StagedFiles {
  readonly #instance: DuckDBInstance
  readonly #staged: StagedSource
  readonly #connections: DuckDBConnection[] = []
  #atWork: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(instance: DuckDBInstance, staged: StagedSource) {
    this.#instance = instance
    this.#staged = staged
  }

  async metric(plan: MetricPlan): Promise<StagedPartials> {
    const staged = this.#staged.metrics.find(({ metric }) => metric === plan.metric)
    if (!staged) throw new Error(`metric ${plan.metric} was not staged`)
    return new MetricPartials(await this.#connect(), plan, staged)
  }

  async *rejects(revision: number): Lines {
    const connection = await this.#connect()
    yield* readRejectLines(this.#staged, revision, (sql) => this.#read(connection, sql))
  }

  /** As in MetricText. */
  async #read(connection: DuckDBConnection, sql: string): ReturnType<typeof readRows> {
    if (this.#isClosed) throw new Error('the staged files were closed')
    const work = readRows(connection, sql)
    this.#atWork = work
    return work
  }

  async #connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect()
    this.#connections.push(connection)
    return connection
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#atWork.catch(() => undefined)
    for (const connection of this.#connections) connection.closeSync()
    this.#instance.closeSync()
  }
}

class MetricPartials implements StagedPartials {
  readonly #connection: DuckDBConnection
  readonly #plan: MetricPlan
  readonly #staged: StagedSource['metrics'][number]

  constructor(connection: DuckDBConnection, plan: MetricPlan, staged: StagedSource['metrics'][number]) {
    this.#connection = connection
    this.#plan = plan
    this.#staged = staged
  }

  async windows(): ReturnType<StagedPartials['windows']> {
    const sql = `SELECT window_ms, sum(records) FROM ${scan(baseOf(this.#staged))} GROUP BY 1 ORDER BY 1`
    const rows = await readRows(this.#connection, sql)
    return rows.map(([windowMs, lines]) => ({ windowMs: Number(windowMs), lines: Number(lines) }))
  }

  async seriesKeys(): Promise<string[]> {
    const sql = `SELECT DISTINCT series_key FROM ${scan(baseOf(this.#staged))}`
    return (await readRows(this.#connection, sql)).map(([key]) => String(key))
  }

  async number(standing: readonly SeriesNumber[]): Promise<StagedText> {
    await numberSeries(this.#connection, this.#plan, this.#staged, standing)
    // The connection is closed with the source's files.
    return new MetricText({ connection: this.#connection, close: () => undefined }, this.#staged)
  }
}

class MetricText implements StagedText {
  readonly #files: OpenFiles
  readonly #staged: StagedSource['metrics'][number]
  #atWork: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(files: OpenFiles, staged: StagedSource['metrics'][number]) {
    this.#files = files
    this.#staged = staged
  }

  async *newSeries(): Lines {
    const columns = (await this.#read(`DESCRIBE ${NEW}`)).map(([name, type]) =>
      type === 'VARCHAR' ? escapeText(String(name)) : String(name),
    )
    yield* readPieces(NEW, printLine(columns), (sql) => this.#read(sql))
  }

  /** Sorted once, then written piece by piece, so that the receiver works on one while the next is made. */
  async *tally(tally: Tally, revision: number, dropped: readonly Required<TimeRange>[] = []): Lines {
    const names = ['window_ms', 'series_id', ...(tally.key ? ['"key"'] : [])]
    const columns = [...names, ...tally.columns.map(({ column }) => column)]
    const numbered = `${this.#scan(tally.id)} JOIN ${NUMBERS} n ON n.number_key = CAST(series_key AS UUID)`
    const sorted = `SELECT ${columns.join(', ')} FROM ${numbered} WHERE ${outsideRanges(dropped, 'window_ms')} ORDER BY ${names.join(', ')}`
    await this.#read(`CREATE OR REPLACE TEMP TABLE ${SORTED} AS ${sorted}`)
    const { count, kinds } = await this.#survey(tally, columns)
    const list = columns.map((column, place) => printValue(column, kinds[place]!))
    for (let from = 0; from < count; from += TALLY_ROWS) {
      const rows = Math.min(TALLY_ROWS, count - from)
      const piece = `SELECT ${list.join(', ')} FROM ${SORTED} WHERE rowid >= ${from} AND rowid < ${from + rows}`
      const [first, ...rest] = (await this.#queue(() => readColumns(this.#files.connection, piece))).map(
        (values, place) => ({ kind: kinds[place]!, values }),
      )
      const revisions = { kind: 'integer', values: new Array(rows).fill(revision) } as const
      yield writeLines([first!, revisions, ...rest], rows)
    }
  }

  /** How many rows there are, and what the values of each column may be read as without loss. */
  async #survey(
    tally: Tally,
    columns: readonly string[],
  ): Promise<{ count: number; kinds: LineColumn['kind'][] }> {
    const floats = new Set(
      tally.columns
        .filter(({ fn, expr }) => fn !== 'count' && expr?.type.kind === 'float')
        .map(({ column }) => column),
    )
    const sizes = columns.map((column) => {
      if (floats.has(column)) return 'false'
      const most = column === 'window_ms' ? MOST_INSTANT_MS : Number.MAX_SAFE_INTEGER
      return `coalesce(min(${column}) >= -${most} AND max(${column}) <= ${most}, true)`
    })
    const [[count, ...isNumber] = []] = await this.#read(
      `SELECT count(*), ${sizes.join(', ')} FROM ${SORTED}`,
    )
    const kinds = columns.map((column, place) => {
      if (!isNumber[place]) return 'text'
      return column === 'window_ms' ? 'instant' : 'integer'
    })
    return { count: Number(count), kinds }
  }

  async count(): Promise<TextCount> {
    const columns = 'count(*), coalesce(sum(records), 0), min(window_ms), max(window_ms)'
    const sql = `SELECT ${columns} FROM ${scan(baseOf(this.#staged))}`
    const [rows, records, first, last] = (await this.#read(sql))[0]!
    const [firstMs, lastMs] = [first, last].map((ms) => (ms === null ? null : Number(ms)))
    return { rows: Number(rows), records: Number(records), firstMs: firstMs!, lastMs: lastMs! }
  }

  #scan(id: string): string {
    const file = this.#staged.tallies.find((tally) => tally.id === id)
    if (!file) throw new Error(`tally ${id} of metric ${this.#staged.metric} was not staged`)
    return scan(file.path)
  }

  /** A receiver that fails leaves a statement at work, which must end before its connection does. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#atWork
    this.#files.close()
  }

  /** One after the other. A generator goes on to its next yield even when nobody wants what it yields. */
  #queue<T>(task: () => Promise<T>): Promise<T> {
    const work = this.#atWork.then(() => {
      if (this.#isClosed) throw new Error('the staged files were closed')
      return task()
    })
    this.#atWork = work.catch(() => undefined)
    return work
  }

  #read(sql: string): ReturnType<typeof readRows> {
    return this.#queue(() => readRows(this.#files.connection, sql))
  }
}

/** The base tally comes first in every plan, and so in what is staged. */
function baseOf(staged: StagedSource['metrics'][number]): string {
  const base = staged.tallies[0]
  if (!base) throw new Error(`no tally of metric ${staged.metric} was staged`)
  return base.path
}

async function* readRejectLines(
  { source, rejectsPath }: StagedSource,
  revision: number,
  read: (sql: string) => ReturnType<typeof readRows>,
): Lines {
  const texts = ['block', 'metric', 'reason', 'field'].map((name) => [name, escapeText(name)] as const)
  const { block, metric, reason, field } = Object.fromEntries(texts)
  const own = escapeText(duckdbDialect.quoteText(source))
  const line = printLine([own, String(revision), block!, '"offset"', metric!, reason!, field!])
  const sorted = `SELECT * FROM ${scan(rejectsPath)} ORDER BY "offset", metric`
  await read(`CREATE TEMP TABLE ${SORTED} AS ${sorted}`)
  yield* readPieces(SORTED, line, read)
}

function openInstance(paths: readonly string[]): Promise<DuckDBInstance> {
  const folders = [...new Set(paths.map((path) => dirname(path)))]
  const tempFolder = folders[0] === undefined ? '' : join(folders[0], 'spilled')
  return openConfined(':memory:', { folders, tempFolder, memoryLimit: '512MB' })
}

async function openFiles(paths: readonly string[]): Promise<OpenFiles> {
  const instance = await openInstance(paths)
  const connection = await instance.connect()
  const close = () => {
    connection.closeSync()
    instance.closeSync()
  }
  return { connection, close }
}

async function numberSeries(
  connection: DuckDBConnection,
  plan: MetricPlan,
  staged: StagedSource['metrics'][number],
  standing: readonly SeriesNumber[],
): Promise<void> {
  await connection.run(`CREATE TEMP TABLE given (series_key VARCHAR, series_id INTEGER)`)
  const appender = await connection.createAppender('given')
  for (const { seriesKey, seriesId } of standing) {
    appender.appendVarchar(seriesKey)
    appender.appendInteger(seriesId)
    appender.endRow()
  }
  appender.closeSync()
  const casts = 'CAST(series_key AS UUID) AS series_key, series_id'
  await connection.run(`CREATE TEMP TABLE ${STANDING} AS SELECT ${casts} FROM given`)
  const fresh = printNewSeries(plan, scan(baseOf(staged)), STANDING)
  await connection.run(`CREATE TEMP TABLE ${NEW} AS ${fresh}`)
  const numbers = [STANDING, NEW].map((table) => `SELECT series_key AS number_key, series_id FROM ${table}`)
  await connection.run(`CREATE TEMP TABLE ${NUMBERS} AS ${numbers.join(' UNION ALL ')}`)
}

async function decideRows(
  connection: DuckDBConnection,
  plan: MetricPlan,
  where: Expr,
  rows: readonly (readonly DimensionValue[])[],
): Promise<boolean[]> {
  const names = ['place INTEGER', ...plan.dimensions.map((_, index) => `d${index} VARCHAR`)]
  await connection.run(`CREATE TEMP TABLE given (${names.join(', ')})`)
  const appender = await connection.createAppender('given')
  for (const [place, row] of rows.entries()) {
    appender.appendInteger(place)
    for (const value of row) {
      if (value === null) appender.appendNull()
      else appender.appendVarchar(String(value))
    }
    appender.endRow()
  }
  appender.closeSync()
  const typed = plan.dimensions.map(
    ({ type }, index) => `CAST(d${index} AS ${dimensionColumnType(type)}) AS d${index}`,
  )
  const places = new Map(plan.dimensions.map(({ name }, index) => [name, `d${index}`]))
  const condition = duckdbDialect.printExpr(where, { field: (name) => places.get(name)!, eventMs: 'NULL' })
  const sql = `SELECT place FROM (SELECT ${['place', ...typed].join(', ')} FROM given) WHERE (${condition})`
  const kept = new Set((await readRows(connection, sql)).map(([place]) => place))
  return rows.map((_, place) => kept.has(place))
}

function scan(path: string): string {
  return `read_parquet(${duckdbDialect.quoteText(path)})`
}

/** Order matters: backslashes come first, since the others add some. */
function escapeText(text: string): string {
  const escapes = [
    [92, '\\\\'],
    [9, '\\t'],
    [10, '\\n'],
    [13, '\\r'],
  ] as const
  return escapes.reduce((sql, [code, escaped]) => `replace(${sql}, chr(${code}), '${escaped}')`, text)
}

/** Doubles hold whole numbers below 2^53 exactly, and come without an object for each. */
function printValue(column: string, kind: LineColumn['kind']): string {
  if (kind !== 'text') return `CAST(${column} AS DOUBLE)`
  if (column === 'window_ms') return `replace(CAST(${timestampOf(column)} AS VARCHAR), ' (BC)', ' BC')`
  return `CAST(${column} AS VARCHAR)`
}

/** Columns are cast to text, nulls written as \N. A chain of || takes a third longer. */
function printLine(columns: readonly string[]): string {
  const texts = columns.map((column) => `coalesce(CAST(${column} AS VARCHAR), '\\N')`)
  return `concat_ws(chr(9), ${texts.join(', ')})`
}

/** In the table's order. Streaming results would outlive the connection of a receiver that fails. */
async function* readPieces(
  table: string,
  line: string,
  read: (sql: string) => ReturnType<typeof readRows>,
): Lines {
  const [[count] = []] = await read(`SELECT count(*) FROM ${table}`)
  for (let from = 0; from < Number(count); from += PIECE_ROWS) {
    const piece = `${table} WHERE rowid >= ${from} AND rowid < ${from + PIECE_ROWS}`
    const [[bytes] = []] = await read(`SELECT encode(string_agg(${line}, chr(10)) || chr(10)) FROM ${piece}`)
    yield (bytes as DuckDBBlobValue).bytes
  }
}
