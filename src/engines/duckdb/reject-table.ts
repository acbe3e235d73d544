/** Rejected lines of a batch: which block and offset, why, and for which metric when only that one is concerned. */
import { join } from 'node:path'
import { VERDICTS } from '../../compile/print-tally.ts'
import { recordColumns } from '../../compile/record-columns.ts'
import type { BatchRequest, RejectCounts } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { PARSED, verdictColumn } from './parsed-table.ts'

/** The name of the staged file. */
export const REJECTS_FILE = 'rejects.parquet'

/** Lines of each reason, and without one all of them: a line may be rejected for several metrics. */
export const REJECT_COUNTS = 'SELECT reason, count(DISTINCT "offset") FROM rejected GROUP BY ROLLUP (reason)'

/** The rows of `REJECT_COUNTS`. */
export function readRejectCounts(rows: readonly (readonly unknown[])[]): RejectCounts {
  const counts = rows.map(([reason, lines]) => ({ reason, lines: Number(lines) }))
  return {
    lines: counts.find(({ reason }) => reason === null)?.lines ?? 0,
    reasons: counts.flatMap(({ reason, lines }) =>
      reason === null ? [] : [{ reason: String(reason), lines }],
    ),
  }
}

/** A connection, or what prepares the statements of one. */
interface Runner {
  run(sql: string): Promise<unknown>
}

type RejectRequest = Pick<BatchRequest, 'plan' | 'blocks' | 'stagingDir'>

export class RejectTable {
  readonly #connection: Runner
  readonly #request: RejectRequest

  constructor(connection: Runner, request: RejectRequest) {
    this.#connection = connection
    this.#request = request
  }

  async prepare(): Promise<void> {
    const columns = '"offset" BIGINT, metric VARCHAR, reason VARCHAR, field VARCHAR'
    await this.#connection.run(`CREATE TEMP TABLE rejected (${columns})`)
  }

  async addSource(): Promise<void> {
    const lines = `SELECT "offset", NULL, reason, NULL FROM ${PARSED} WHERE reason <> 'header'`
    await this.#connection.run(`INSERT INTO rejected ${lines}`)
  }

  /** Records that are rejected for the metric at this place alone; the first bad field in name order is named. */
  async addMetric(place: number): Promise<void> {
    const { metric, usedFields } = this.#request.plan.metrics[place]!
    const columns = recordColumns(this.#request.plan)
    const faults = usedFields.map((field) => ({ field, error: columns.error(field) }))
    const named = faults.map(({ field, error }) => `WHEN ${error} THEN ${duckdbDialect.quoteText(field)}`)
    const field = named.length > 0 ? `CASE ${named.join(' ')} END` : 'NULL'
    const reason = `CASE WHEN field IS NULL THEN 'dimension_too_long' ELSE 'invalid_field' END`
    const isRejected = `${verdictColumn(place)} = ${VERDICTS.rejected}`
    const lines = `SELECT "offset", ${field} AS field FROM ${PARSED} WHERE ${isRejected}`
    await this.#connection.run(
      `INSERT INTO rejected SELECT "offset", ${duckdbDialect.quoteText(metric)}, ${reason}, field FROM (${lines})`,
    )
  }

  async clear(): Promise<void> {
    await this.#connection.run('TRUNCATE rejected')
  }

  /** Adds each line's block by its offset and writes the staged file; returns its path. */
  async stage(): Promise<string> {
    const path = join(this.#request.stagingDir, REJECTS_FILE)
    const blocks = this.#request.blocks.map(
      ({ name, firstOffset }) => `(${duckdbDialect.quoteText(name)}, ${firstOffset})`,
    )
    const list = blocks.length > 0 ? `(VALUES ${blocks.join(', ')})` : `(SELECT '', 0::BIGINT LIMIT 0)`
    const joined = `SELECT b.name AS block, r."offset", r.metric, r.reason, r.field FROM rejected r ASOF JOIN ${list} b(name, first) ON r."offset" >= b.first`
    await this.#connection.run(
      `COPY (${joined} ORDER BY r."offset", r.metric) TO ${duckdbDialect.quoteText(path)} (FORMAT parquet)`,
    )
    return path
  }
}
