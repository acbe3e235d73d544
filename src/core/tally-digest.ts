/** Digests of merged tallies, so that two reports can be compared without moving their rows. */
import type { DimensionValue } from './merged-totals.ts'

/**
 * One place for each window, or for each window and series, in no order. `digests` depend on the merged rows alone:
 * not on their order, on how partials were split, or on the database.
 */
export interface TallyDigests {
  readonly windowMs: readonly number[]
  /** Empty lists where series are not told apart. */
  readonly dimensions: readonly (readonly DimensionValue[])[]
  /** Merged rows of the tally. */
  readonly rows: readonly number[]
  readonly digests: readonly bigint[]
}

export interface DigestDifference {
  readonly windowMs: number
  readonly dimensions: readonly DimensionValue[]
  /** Undefined where that side has no rows. */
  readonly reported: string | undefined
  readonly recomputed: string | undefined
}

/** What differs between two reports, in order of windows. */
export function compareDigests(reported: TallyDigests, recomputed: TallyDigests): DigestDifference[] {
  const others = new Map(placesOf(recomputed).map((place) => [digestKey(recomputed, place), place]))
  const differences: DigestDifference[] = []
  const tell = (of: TallyDigests, place: number, a: string | undefined, b: string | undefined) =>
    differences.push({
      windowMs: of.windowMs[place]!,
      dimensions: of.dimensions[place]!,
      reported: a,
      recomputed: b,
    })
  for (const place of placesOf(reported)) {
    const key = digestKey(reported, place)
    const other = others.get(key)
    others.delete(key)
    const mine = showDigest(reported, place)
    if (other === undefined) tell(reported, place, mine, undefined)
    else if (!isEqual(reported, place, recomputed, other))
      tell(reported, place, mine, showDigest(recomputed, other))
  }
  for (const place of others.values()) tell(recomputed, place, undefined, showDigest(recomputed, place))
  return differences.sort((a, b) => a.windowMs - b.windowMs)
}

/** Tells a window and series apart from all others. */
export function digestKey({ windowMs, dimensions }: TallyDigests, place: number): string {
  // Null, the text "null", a number and its text are four things.
  const shown = dimensions[place]!.map((value) =>
    typeof value === 'bigint' ? `${value}n` : JSON.stringify(value),
  )
  return [windowMs[place], ...shown].join(',')
}

function isEqual(a: TallyDigests, place: number, b: TallyDigests, other: number): boolean {
  return a.digests[place] === b.digests[other] && a.rows[place] === b.rows[other]
}

/** Sums differ from their last digits on, so those are shown. */
function showDigest({ rows, digests }: TallyDigests, place: number): string {
  const digits = digests[place]!.toString(16).slice(-8).padStart(8, '0')
  return `${rows[place]} ${rows[place] === 1 ? 'row' : 'rows'}, digest ${digits}`
}

function placesOf({ windowMs }: TallyDigests): number[] {
  return windowMs.map((_, place) => place)
}
