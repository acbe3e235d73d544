/** Finds what is worth a word in the log about rejected lines: a reason that is new, and a share that is too large. */
import type { RejectCounts } from '../ports/batch-engine.ts'

export type RejectNews =
  | { readonly kind: 'first'; readonly source: string; readonly reason: string; readonly lines: number }
  | {
      readonly kind: 'share'
      readonly source: string
      /** Of the lines that came last. */
      readonly rejected: number
      readonly lines: number
      readonly change: 'begins' | 'worse' | 'over'
    }

/** From which share on it is told, once at each; it is over at half of the first one, so that it is not told by turns. */
const LEVELS = [0.05, 0.5] as const
const OVER = LEVELS[0] / 2
/** Below this many lines a share means little. */
const FEWEST_LINES = 20
/** Beyond this many lines older ones weigh half. */
const MOST_LINES = 20_000

interface Recent {
  readonly reasons: Set<string>
  lines: number
  rejected: number
  /** How many of the levels were told. */
  level: number
}

export class RejectWatch {
  readonly #recent = new Map<string, Recent>()

  /** What a micro-batch of so many lines gives to tell. */
  note(source: string, lines: number, rejects: RejectCounts | undefined): RejectNews[] {
    const recent = this.#of(source)
    const isNew = ({ reason }: { reason: string }) => !recent.reasons.has(reason)
    const first = (rejects?.reasons ?? []).filter(isNew).map((one) => {
      recent.reasons.add(one.reason)
      return { kind: 'first' as const, source, ...one }
    })
    recent.lines += lines
    recent.rejected += rejects?.lines ?? 0
    const change = changeOf(recent)
    const told = { source, rejected: Math.round(recent.rejected), lines: Math.round(recent.lines) }
    if (recent.lines > MOST_LINES) {
      const weight = MOST_LINES / 2 / recent.lines
      recent.lines *= weight
      recent.rejected *= weight
    }
    return change ? [...first, { kind: 'share', ...told, change }] : first
  }

  #of(source: string): Recent {
    const recent = this.#recent.get(source) ?? { reasons: new Set(), lines: 0, rejected: 0, level: 0 }
    this.#recent.set(source, recent)
    return recent
  }
}

function changeOf(recent: Recent): 'begins' | 'worse' | 'over' | undefined {
  if (recent.lines < FEWEST_LINES) return undefined
  const share = recent.rejected / recent.lines
  const was = recent.level
  const level = LEVELS.filter((least) => share > least).length
  if (level > was) {
    recent.level = level
    return was === 0 ? 'begins' : 'worse'
  }
  if (was === 0 || share > OVER) return undefined
  recent.level = 0
  return 'over'
}
