/** The clocks of sources without a log: nothing stamps their lines but an ingest, which takes the lock of its source. */
import { isHeld } from '../archive/lock.ts'
import { type Clocks, type KnownClock, ObservedClock } from '../core/observed-clock.ts'

export class IdleClocks {
  readonly #clocks: Clocks
  readonly #knownClock: (source: string) => Promise<KnownClock>
  readonly #bySource = new Map<string, ObservedClock>()

  constructor(clocks: Clocks, knownClock: (source: string) => Promise<KnownClock>) {
    this.#clocks = clocks
    this.#knownClock = knownClock
  }

  /** Lines that are not in the archive yet are stamped with it or later; undefined while somebody holds the lock. */
  async read(source: string, lock: string): Promise<number | undefined> {
    const clockMs = (await this.#of(source)).look()
    // In this order: an ingest that takes the lock after that stamps its lines later than the clock was read.
    return (await isHeld(lock)) ? undefined : clockMs
  }

  async #of(source: string): Promise<ObservedClock> {
    const held = this.#bySource.get(source)
    // Somebody may have confirmed it, or ingested, since.
    if (held && held.trouble?.code !== 'LOG_CLOCK_UNCONFIRMED') return held
    const { lastMs, confirmedMs } = await this.#knownClock(source)
    const made = new ObservedClock(this.#clocks, { source, lastMs, confirmedMs })
    this.#bySource.set(source, made)
    return made
  }
}
