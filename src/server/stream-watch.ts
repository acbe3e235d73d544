/** What the server counts of its streams: lines, commits, and how fresh totals were. */
import type { RejectCounts } from '../ports/batch-engine.ts'
import type { JobState } from '../ports/stream-jobs.ts'

/** Upper bounds in seconds; freshness within one second is what a stream is for. */
export const FRESHNESS_SECONDS = [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 5, 10, 60] as const

export interface StreamFacts {
  /** Seconds that the latest micro-batch took. */
  commitSeconds: number
  commits: number
  lines: number
  /** Of these, such as a job was to tally, and did not in time. */
  takenOver: number
  /** Micro-batches with lines by freshness, one more place for what is slower than the last bound. */
  readonly freshness: number[]
  freshnessSum: number
  /** Lines by reason, and by metric. */
  readonly rejected: Map<string, number>
  readonly late: Map<string, number>
}

/** What a micro-batch tells; see src/run/run-stream.ts. */
export interface StreamNote {
  readonly source: string
  readonly lines: number
  readonly tookMs: number
  readonly freshnessMs: number | undefined
  readonly isTakenOver: boolean
  readonly rejects?: RejectCounts
  readonly late: readonly { readonly metric: string; readonly lines: number }[]
}

export class StreamWatch {
  readonly streams = new Map<string, StreamFacts>()
  /** Of sources that have one; undefined while nobody says what it does. */
  readonly jobs = new Map<string, JobState | undefined>()

  note({ source, lines, tookMs, freshnessMs, isTakenOver, rejects, late }: StreamNote): void {
    const facts = this.#of(source)
    facts.commitSeconds = tookMs / 1000
    facts.commits += 1
    facts.lines += lines
    if (isTakenOver) facts.takenOver += lines
    for (const { reason, lines } of rejects?.reasons ?? []) addTo(facts.rejected, reason, lines)
    for (const { metric, lines } of late) addTo(facts.late, metric, lines)
    if (freshnessMs === undefined) return
    const place = FRESHNESS_SECONDS.findIndex((bound) => freshnessMs <= bound * 1000)
    facts.freshness[place < 0 ? FRESHNESS_SECONDS.length : place]! += 1
    facts.freshnessSum += freshnessMs / 1000
  }

  /** Forgets sources that have no stream any more. */
  keep(sources: ReadonlySet<string>): void {
    for (const known of [this.streams, this.jobs])
      for (const source of known.keys()) if (!sources.has(source)) known.delete(source)
  }

  #of(source: string): StreamFacts {
    const known = this.streams.get(source)
    if (known) return known
    const freshness = Array.from({ length: FRESHNESS_SECONDS.length + 1 }, () => 0)
    const facts: StreamFacts = {
      ...{ commitSeconds: 0, commits: 0, lines: 0, takenOver: 0 },
      ...{ freshness, freshnessSum: 0, rejected: new Map(), late: new Map() },
    }
    this.streams.set(source, facts)
    return facts
  }
}

function addTo(counts: Map<string, number>, name: string, lines: number): void {
  counts.set(name, (counts.get(name) ?? 0) + lines)
}
