/** Parses chunks of raw lines into records, trusting a source's JSON until a line breaks the trust. */
import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import type { SourcePlan } from '../../core/plan.ts'
import { duckdbDialect, trustingDialect } from './dialect.ts'
import { isMalformed } from './json-dialect.ts'

export class ChunkParser {
  #trusts: boolean

  constructor({ format }: SourcePlan) {
    this.#trusts = format.kind === 'json'
  }

  /** `fill` is called again without trust when a line breaks it; the failed statement must have left nothing. */
  async parse(fill: (dialect: EngineDialect) => Promise<unknown>): Promise<void> {
    try {
      await fill(this.#trusts ? trustingDialect : duckdbDialect)
    } catch (error) {
      if (!this.#trusts || !isMalformed(error)) throw error
      this.#trusts = false
      await fill(duckdbDialect)
    }
  }
}
