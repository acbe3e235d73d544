/** Parses chunks of raw lines into the table of records, trusting a source's JSON until a line breaks the trust. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { printParse } from '../../compile/parse-source.ts'
import type { SourcePlan } from '../../core/plan.ts'
import { duckdbDialect, trustingDialect } from './dialect.ts'
import { isMalformed } from './json-dialect.ts'
import { PARSED } from './record-columns.ts'

export class ChunkParser {
  readonly #connection: DuckDBConnection
  readonly #plan: SourcePlan
  #trusts: boolean

  constructor(connection: DuckDBConnection, plan: SourcePlan) {
    this.#connection = connection
    this.#plan = plan
    this.#trusts = plan.format.kind === 'json'
  }

  /** Replaces the records by those of `lines`, a relation of offsets, observed times and raw bytes. */
  async parse(lines: string): Promise<void> {
    const dialect = this.#trusts ? trustingDialect : duckdbDialect
    const records = printParse(this.#plan, dialect, lines, ['"offset"', 'observed_ms'])
    try {
      await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${PARSED} AS ${records}`)
    } catch (error) {
      if (!this.#trusts || !isMalformed(error)) throw error
      this.#trusts = false
      await this.parse(lines)
    }
  }
}
