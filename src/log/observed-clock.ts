/** The clock that stamps lines: never backwards, and never far ahead at once. */
import { MillraceError } from '../core/error.ts'

/** A wall clock may run ahead of the steady one by this much before somebody must look. */
const MOST_AHEAD_MS = 3_600_000

export interface Clocks {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds of a clock that nobody sets. */
  steady(): number
}

export class ObservedClock {
  readonly #clocks: Clocks
  #lastMs: number
  #wallMs: number
  #steadyMs: number

  /** `lastMs` is the greatest time that was stamped so far. */
  constructor(clocks: Clocks, lastMs: number) {
    this.#clocks = clocks
    this.#lastMs = lastMs
    this.#wallMs = clocks.now()
    this.#steadyMs = clocks.steady()
  }

  /** As `read`, but stands still while the clock is too far ahead. */
  look(): number {
    try {
      return this.read()
    } catch {
      return this.#lastMs
    }
  }

  /** Every line stamped from now on is stamped with this or more. Errors: LOG_CLOCK_JUMPED. */
  read(): number {
    const wallMs = this.#clocks.now()
    const steadyMs = this.#clocks.steady()
    const aheadMs = wallMs - this.#wallMs - (steadyMs - this.#steadyMs)
    if (aheadMs > MOST_AHEAD_MS)
      throw new MillraceError('LOG_CLOCK_JUMPED', { hours: (aheadMs / 3_600_000).toFixed(1) })
    // A clock that is set little by little, or back, is followed.
    this.#wallMs = wallMs
    this.#steadyMs = steadyMs
    this.#lastMs = Math.max(this.#lastMs, wallMs)
    return this.#lastMs
  }
}
