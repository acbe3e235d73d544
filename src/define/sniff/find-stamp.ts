/** Which form of stamp a column of values has, or stands somewhere in lines. */
import type { Doubt, Undecided } from './doubt.ts'
import { resolveOrder } from './resolve-order.ts'
import { type Stamp, scanStamps } from './scan-stamps.ts'
import type { StampForm } from './stamp.ts'

export interface FoundStamp {
  readonly form: StampForm
  /** Share of the texts that have it. */
  readonly share: number
  readonly firstMs: number
  readonly lastMs: number
  readonly doubts: readonly Doubt[]
  /** Set when the form is only one of several that are as likely. */
  readonly undecided?: Undecided
}

/** The form that most of the values have from end to end. */
export function stampOfValues(values: readonly string[], year: number): FoundStamp | undefined {
  const whole = values.map((value) => scanStamps(value).filter(({ text }) => text === value))
  return choose(groupStamps(whole), values.length, year)
}

/** The form that most lines hold somewhere; where a line has several, the first. */
export function stampInLines(lines: readonly string[], year: number): FoundStamp | undefined {
  return choose(groupStamps(lines.map(scanStamps)), lines.length, year)
}

/** Stamps of one form, one of each text. */
interface Group {
  readonly key: string
  readonly stamps: Stamp[]
}

function groupStamps(scanned: readonly (readonly Stamp[])[]): Group[] {
  const groups = new Map<string, Group>()
  for (const stamps of scanned) {
    const seen = new Set<string>()
    for (const stamp of stamps) {
      const key = stamp.layouts.join('\n')
      if (seen.has(key)) continue
      seen.add(key)
      const group = groups.get(key) ?? { key, stamps: [] }
      group.stamps.push(stamp)
      groups.set(key, group)
    }
  }
  return [...groups.values()]
}

/** Shares that differ by less are taken for equal. */
const CLOSE = 0.02

function choose(groups: readonly Group[], total: number, year: number): FoundStamp | undefined {
  const most = groups.reduce((size, { stamps }) => Math.max(size, stamps.length), 0)
  const [group] = groups
    .filter(({ stamps }) => stamps.length >= most - total * CLOSE)
    .sort((a, b) => meanAt(a) - meanAt(b))
  return group && describe(group, total, year)
}

function meanAt({ stamps }: Group): number {
  return stamps.reduce((sum, { at }) => sum + at, 0) / stamps.length
}

function describe(group: Group, total: number, year: number): FoundStamp | undefined {
  const resolved = resolveOrder(group.stamps, year)
  if (!resolved) return undefined
  const { form } = resolved
  const instants = group.stamps.flatMap(({ text }) => form.toMs(text, year) ?? [])
  const zone = zoneDoubt(group, form)
  const undecided = resolved.undecided ?? zone.undecided
  return {
    ...{ form, share: instants.length / total, ...spanOf(instants) },
    doubts: [...resolved.doubts, ...zone.doubts],
    ...(undecided && { undecided }),
  }
}

/** A word such as CEST says that the clock is not set to UTC, but not which zone it is. */
function zoneDoubt({ stamps }: Group, form: StampForm): { doubts: Doubt[]; undecided?: Undecided } {
  const words = [...new Set(stamps.flatMap(({ word }) => word ?? []))].slice(0, 3)
  if (words.length > 0) {
    const why = `${words.join(' and ')} after the stamps ${words.length > 1 ? 'are no offsets' : 'is no offset'} that a standard defines`
    const options = [
      { layout: form.layout, zone: 'Europe/Berlin', note: `the zone that ${words.join(' and ')} means here` },
    ]
    return { doubts: [], undecided: { why, options } }
  }
  const isTold =
    form.hasZone ||
    (form.layout === 'iso' && stamps.every(({ text }) => /[Zz]$|[+-]\d\d(?::?\d\d)?$/.test(text.slice(11))))
  const some =
    form.layout === 'iso' && stamps.some(({ text }) => /[Zz]$|[+-]\d\d(?::?\d\d)?$/.test(text.slice(11)))
  const what = some ? 'Some of the stamps carry no zone' : 'The stamps carry no zone'
  const text = `${what}: UTC is a guess. Write another, such as Europe/Berlin, if their clock ran by it.`
  return { doubts: isTold ? [] : [{ key: 'zone', text }] }
}

export function spanOf(stamps: readonly number[]): { firstMs: number; lastMs: number } {
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const ms of stamps) {
    firstMs = Math.min(firstMs, ms)
    lastMs = Math.max(lastMs, ms)
  }
  return { firstMs, lastMs }
}
