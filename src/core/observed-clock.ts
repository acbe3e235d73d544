/** The clock that stamps lines: it never runs backwards, and it refuses a wall clock that cannot be right. */
import { MillraceError } from './error.ts'
import { formatInstant } from './timestamp.ts'

/** How far the clock of a source may be ahead of the wall clock, or the wall clock of the steady one. */
export const CLOCK_LIMIT_MS = 3_600_000
/** How long a source may rest: a wall clock that is ahead of the last stamp by more must be confirmed. */
export const REST_LIMIT_MS = 366 * 86_400_000

export interface Clocks {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds of a clock that nobody sets. */
  steady(): number
}

/** What is known of a source's clock when it is opened. */
export interface ClockStart {
  readonly source: string
  /** The greatest time that was stamped or promised so far; 0 where none was. */
  readonly lastMs: number
  /** Somebody said that the wall clock was right at this time. */
  readonly confirmedMs?: number | undefined
}

/** What the archive and the report know of a source's clock; a log that is opened begins with it. */
export interface KnownClock {
  /** The greatest time that was stamped or promised so far; 0 where none was. */
  readonly lastMs: number
  readonly confirmedMs?: number | undefined
  /** Lines below this offset may bear stamps of a wrong clock; all that is known of them is in the archive. */
  readonly repairedTo?: number | undefined
}

export class ObservedClock {
  readonly #clocks: Clocks
  readonly #source: string
  readonly #confirmedMs: number
  #lastMs: number
  /** At `#steadyMs` it was this late at least. */
  #knownMs: number
  #steadyMs: number
  #trouble: MillraceError | undefined

  constructor(clocks: Clocks, { source, lastMs, confirmedMs = 0 }: ClockStart) {
    this.#clocks = clocks
    this.#source = source
    this.#confirmedMs = confirmedMs
    this.#lastMs = lastMs
    this.#knownMs = Math.max(clocks.now(), lastMs)
    this.#steadyMs = clocks.steady()
  }

  /** The greatest time that was stamped or promised so far. */
  get lastMs(): number {
    return this.#lastMs
  }

  /** Why nothing can be stamped at the moment, in the words of the first time that it was found. */
  get trouble(): MillraceError | undefined {
    const found = this.#faultOf(this.#clocks.now(), this.#clocks.steady())
    if (found?.code !== this.#trouble?.code) this.#trouble = found
    return this.#trouble
  }

  /** As `read`, but stands still while the wall clock is refused. */
  look(): number {
    return this.trouble ? this.#lastMs : this.read()
  }

  /**
   * Every line stamped from now on is stamped with this or more. Errors: LOG_CLOCK_BEHIND, LOG_CLOCK_JUMPED,
   * LOG_CLOCK_UNCONFIRMED.
   */
  read(): number {
    const wallMs = this.#clocks.now()
    const steadyMs = this.#clocks.steady()
    const fault = this.#faultOf(wallMs, steadyMs)
    if (fault) throw fault
    this.#lastMs = Math.max(this.#lastMs, wallMs)
    // A clock that is set little by little is followed.
    this.#knownMs = this.#lastMs
    this.#steadyMs = steadyMs
    return this.#lastMs
  }

  #faultOf(wallMs: number, steadyMs: number): MillraceError | undefined {
    const source = this.#source
    if (this.#lastMs - wallMs > CLOCK_LIMIT_MS)
      return new MillraceError('LOG_CLOCK_BEHIND', { source, ...instants(this.#lastMs, wallMs) })
    const aheadMs = wallMs - this.#knownMs - (steadyMs - this.#steadyMs)
    if (aheadMs > CLOCK_LIMIT_MS)
      return new MillraceError('LOG_CLOCK_JUMPED', { hours: (aheadMs / 3_600_000).toFixed(1) })
    const restedMs = Math.max(this.#lastMs, this.#confirmedMs)
    if (restedMs > 0 && wallMs - restedMs > REST_LIMIT_MS)
      return new MillraceError('LOG_CLOCK_UNCONFIRMED', { source, ...instants(restedMs, wallMs) })
    return undefined
  }
}

function instants(lastMs: number, wallMs: number): { last: string; wall: string } {
  return { last: formatInstant(lastMs), wall: formatInstant(wallMs) }
}
