/** The years of the stamps of one file, line after line: each is the one nearest to the stamp before it. */

const DAY_MS = 86_400_000
/** Of a year with 29 February. A stamp that is half a year away counts as later. */
const HALF_YEAR_MS = 183 * DAY_MS

/** Lines from `from` on, up to the next change, have this year. */
export interface YearChange {
  readonly from: number
  readonly year: number
}

/** Where a sequence ended, so that what a file has got since goes on from there. */
export interface YearState {
  readonly year: number
  /** How far into its year the last stamp was; absent when there was none. */
  readonly atMs?: number
}

export class YearSequence {
  #year: number
  #atMs: number | undefined

  constructor({ year, atMs }: YearState) {
    this.#year = year
    this.#atMs = atMs
  }

  get state(): YearState {
    return { year: this.#year, ...(this.#atMs !== undefined && { atMs: this.#atMs }) }
  }

  /** Of the next line. */
  get year(): number {
    return this.#year
  }

  /**
   * SQL of what `take` needs of a relation of stamps (`"offset"`, `at_ms`): each stamp that is of another year than the
   * one before it, and the last one; in order.
   */
  changes(stamps: string): string {
    const before = this.#atMs === undefined ? 'at_ms' : String(this.#atMs)
    const compared = `select "offset", at_ms, at_ms - lag(at_ms, 1, ${before}) over (order by "offset") as step from (${stamps}) where at_ms is not null`
    const turn = `case when step > ${HALF_YEAR_MS} then -1 when step <= -${HALF_YEAR_MS} then 1 else 0 end`
    const next = 'lead("offset") over (order by "offset")'
    return `select "offset", at_ms, ${turn} as turn from (${compared}) qualify turn <> 0 or ${next} is null order by "offset"`
  }

  take(rows: readonly (readonly [offset: number, atMs: number, turn: number])[]): YearChange[] {
    const changes: YearChange[] = []
    for (const [from, atMs, turn] of rows) {
      this.#atMs = atMs
      this.#year += turn
      if (turn !== 0) changes.push({ from, year: this.#year })
    }
    return changes
  }
}
