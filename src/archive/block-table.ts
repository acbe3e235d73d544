/** Collects lines in memory and writes them as one Parquet block: all splitting and packing is DuckDB's. */
import {
  BIGINT,
  type DuckDBConnection,
  type DuckDBInstance,
  LIST,
  listValue,
  STRUCT,
  structValue,
  VARCHAR,
} from '@duckdb/node-api'
import type { BatchLines } from './batch-lines.ts'
import { type BlockLabel, openPacker, printCopy, quote } from './block-packer.ts'
import { unwritable } from './disk.ts'
import type { LineFacts } from './line-facts.ts'
import { LineInsert } from './line-insert.ts'
import { type LineRun, lineRuns } from './line-runs.ts'
import type { Piece } from './piece-cutter.ts'

export interface BlockTableOptions {
  /** The only folder that blocks are written to. */
  readonly blockFolder: string
  readonly spillFolder: string
}

export class BlockTable {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #insertion: LineInsert
  #lines = 0
  /** That of the first lines put in; it would be copied for each line that has it, so `''` stands for it in the table. */
  #usual: string | null = null
  /** Bytes put in without line ends, while that is known without looking at lines. */
  #expectedBytes: number | undefined = 0

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
    this.#insertion = new LineInsert(connection, 'line')
  }

  static async open({ blockFolder, spillFolder }: BlockTableOptions): Promise<BlockTable> {
    const { instance, connection } = await openPacker([blockFolder], spillFolder)
    const table = new BlockTable(instance, connection)
    await table.#clear()
    return table
  }

  get lines(): number {
    return this.#lines
  }

  /** Adds a piece's lines, all with one observed time; what follows it of the same facts goes on with their years. */
  async append(piece: Piece, observedMs: number, facts: LineFacts): Promise<void> {
    const first = this.#lines
    const context = facts.context()
    if (first === 0) this.#usual = context
    const kept = context === this.#usual && context !== null ? '' : context
    for (const run of lineRuns(piece)) await this.#insert(run, observedMs, kept)
    if (facts.years) await this.#changeYears(first, facts)
  }

  /** Adds batches of a log, whose lines have the times and contexts they came with. */
  async appendBatches(batches: BatchLines): Promise<void> {
    this.#lines += await this.#insertion.insertBatches(batches)
    const { rawBytes } = batches
    if (rawBytes === undefined) this.#expectedBytes = undefined
    else if (this.#expectedBytes !== undefined) this.#expectedBytes += rawBytes
  }

  /** Writes the lines as a Parquet file, not yet synced, and empties the table. Errors: ARCHIVE_UNWRITABLE. */
  async write(path: string, label: BlockLabel): Promise<{ lines: number; rawBytes: number }> {
    const lines = this.#lines
    const [rawBytes = 0] = await this.#numbers('select coalesce(sum(octet_length(raw)), 0) from line')
    const usual =
      this.#usual === null ? '' : `case context when '' then ${quote(this.#usual)} else context end as `
    const select = `select ${label.firstOffset} + rowid as "offset", observed_ms, raw, ${usual}context from line`
    const copy = printCopy(select, path, { ...label, lines, rawBytes })
    await this.#connection.run(copy).catch((error: unknown) => {
      throw unwritable(path, error)
    })
    await this.#requireWhole(path, lines, rawBytes)
    await this.#clear()
    return { lines, rawBytes }
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  async #insert(run: LineRun, observedMs: number, context: string | null): Promise<void> {
    const added = await this.#insertion.insert(run, observedMs, context)
    this.#lines += added
    if (run.hasCarriageReturns) this.#expectedBytes = undefined
    else if (this.#expectedBytes !== undefined) this.#expectedBytes += run.bytes.length - (added - 1)
  }

  /** Lines were put in with the year of the line before them, which nearly all of them have. */
  async #changeYears(first: number, { years, context }: LineFacts): Promise<void> {
    const lines = `(select rowid as "offset", raw from line where rowid >= ${first})`
    const { sequence, stamps } = years!
    const reader = await this.#connection.runAndReadAll(sequence.changes(stamps(lines)))
    const changes = sequence.take(reader.getRows().map((row) => row.map(Number) as [number, number, number]))
    if (changes.length === 0) return
    const rows = changes.map(({ from, year }, place) => {
      const end = changes[place + 1]?.from ?? this.#lines
      return structValue({ from: BigInt(from), end: BigInt(end), context: context(year)! })
    })
    const each =
      'select unnest(range(run."from", run."end")) as row, run.context from (select unnest($1) as run)'
    const update = `update line set context = changed.context from (${each}) changed where line.rowid = changed.row`
    const statement = await this.#connection.prepare(update)
    statement.bindList(1, listValue(rows), LIST(STRUCT({ from: BIGINT, end: BIGINT, context: VARCHAR })))
    await statement.run()
    statement.destroySync()
  }

  /** A new table each time, since rowid, which gives the offsets, must start at 0. */
  async #clear(): Promise<void> {
    this.#insertion.release()
    await this.#connection.run(
      'create or replace table line (observed_ms bigint not null, context varchar, raw blob not null)',
    )
    this.#lines = 0
    this.#usual = null
    this.#expectedBytes = 0
  }

  /** The file's own account must agree with what was put in, or the block is not to be trusted. */
  async #requireWhole(path: string, lines: number, rawBytes: number): Promise<void> {
    const [rows] = await this.#numbers(`select num_rows from parquet_file_metadata(${quote(path)})`)
    const isWhole = rows === lines && (this.#expectedBytes ?? rawBytes) === rawBytes
    if (!isWhole) throw new Error(`DuckDB wrote ${rows} lines, ${rawBytes} bytes to ${path}, not ${lines}`)
  }

  async #numbers(sql: string): Promise<number[]> {
    const reader = await this.#connection.runAndReadAll(sql)
    return reader.getRows()[0]!.map(Number)
  }
}
