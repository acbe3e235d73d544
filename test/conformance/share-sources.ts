/** Cases of one source's text share a source, some at a time: an engine then parses and starts less often. */
import type { ConformanceCase } from './conformance-case.ts'

/** Cases that are one source of the definition; a case without a day of its own is alone. */
export interface SharedSource {
  readonly name: string
  /** Places among all cases, in the order of their input. */
  readonly places: readonly number[]
}

/** More metrics of one source make an engine's statements about all of them too long. */
const MOST = 12

/** `alone` are places of cases that must not share. */
export function shareSources(
  cases: readonly ConformanceCase[],
  places: readonly number[],
  alone: ReadonlySet<number>,
): SharedSource[] {
  const open = new Map<string, number[]>()
  const groups: number[][] = []
  for (const place of places) {
    const { source, day } = cases[place]!
    const text = day === undefined || alone.has(place) ? `alone ${place}` : JSON.stringify(source)
    const group = open.get(text)
    if (group && group.length < MOST) group.push(place)
    else {
      const first = [place]
      open.set(text, first)
      groups.push(first)
    }
  }
  return groups.map((group) => ({ name: sourceName(group[0]!), places: group }))
}

export function sourceName(place: number): string {
  return `c${place}`
}

/** Offset of a case's first line in its source. */
export function firstOffset(
  { places }: SharedSource,
  place: number,
  cases: readonly ConformanceCase[],
): number {
  const before = places.slice(0, places.indexOf(place))
  return before.reduce((sum, each) => sum + linesIn(cases[each]!), 0)
}

/** Every line of a case that shares its source has a line feed. */
export function linesIn({ input }: ConformanceCase): number {
  return input.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0)
}
