/** Rejected lines of a batch: which block and offset, why, and for which metric when only that one is concerned. */
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { MetricPlan } from '../../core/plan.ts'
import type { BatchRequest } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { PARSED, recordColumns } from './record-columns.ts'

type RejectRequest = Pick<BatchRequest, 'plan' | 'blocks' | 'stagingDir'>

export class RejectTable {
  readonly #connection: DuckDBConnection
  readonly #request: RejectRequest

  constructor(connection: DuckDBConnection, request: RejectRequest) {
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

  /** Records that `condition` rejects for one metric; the first bad field in name order is named. */
  async addMetric(plan: MetricPlan, condition: string): Promise<void> {
    if (condition === 'FALSE') return
    const columns = recordColumns(this.#request.plan)
    const faults = plan.usedFields.map((field) => ({ field, error: columns.error(field) }))
    const named = faults.map(({ field, error }) => `WHEN ${error} THEN ${duckdbDialect.quoteText(field)}`)
    const field = named.length > 0 ? `CASE ${named.join(' ')} END` : 'NULL'
    const reason = `CASE WHEN field IS NULL THEN 'dimension_too_long' ELSE 'invalid_field' END`
    const lines = `SELECT "offset", ${field} AS field FROM ${PARSED} WHERE reason IS NULL AND ${condition}`
    const metric = duckdbDialect.quoteText(plan.metric)
    await this.#connection.run(
      `INSERT INTO rejected SELECT "offset", ${metric}, ${reason}, field FROM (${lines})`,
    )
  }

  /** Adds each line's block by its offset and writes the staged file; returns its path. */
  async stage(): Promise<string> {
    const path = join(this.#request.stagingDir, 'rejects.parquet')
    let first = 0
    const blocks = this.#request.blocks.map((block) => {
      const row = `(${duckdbDialect.quoteText(block.name)}, ${first})`
      first += block.lines
      return row
    })
    const list = blocks.length > 0 ? `(VALUES ${blocks.join(', ')})` : `(SELECT '', 0::BIGINT LIMIT 0)`
    const joined = `SELECT b.name AS block, r."offset", r.metric, r.reason, r.field FROM rejected r ASOF JOIN ${list} b(name, first) ON r."offset" >= b.first`
    await this.#connection.run(
      `COPY (${joined} ORDER BY r."offset", r.metric) TO ${duckdbDialect.quoteText(path)} (FORMAT parquet)`,
    )
    return path
  }
}
