/** From local time to the instant, in the zone of stamps that carry no offset. */
import { type ZoneHistory, zoneHistory } from '../../core/time-zone/zone-history.ts'
import type { ParseDialect } from './parse-dialect.ts'

/** An offset that holds from `fromMs` on, a local time or an instant. */
interface OffsetFrom {
  readonly fromMs: number
  readonly offsetMs: number
}

/**
 * SQL of the instant in ms. A local time that a zone has twice is the first of the two; one that it skips is read with
 * the offset from before the gap, so it lands as much after it. (RFC 5545 3.3.5; java.time and Temporal do the same.)
 * The zone's changes stand in the SQL, so that no engine asks a database of its own.
 */
export function zoneMillis(parse: ParseDialect, zone: string, local: string): string {
  const history = historyOf(zone)
  const { firstOffsetMs, changes } = history
  if (changes.length > 0)
    return parse.lookUp(local, (name) => `(${name} - ${searchTree(name, localOffsets(history))})`)
  return firstOffsetMs === 0 ? local : `(${local} - ${firstOffsetMs})`
}

/** SQL of what the zone's clock shows at an instant, in local ms. */
export function zoneLocal(parse: ParseDialect, zone: string, instant: string): string {
  const { firstOffsetMs, changes } = historyOf(zone)
  if (changes.length === 0) return `(${instant} + ${firstOffsetMs})`
  const offsets = [
    { fromMs: Number.NEGATIVE_INFINITY, offsetMs: firstOffsetMs },
    ...changes.map(({ atMs, offsetMs }) => ({ fromMs: atMs, offsetMs })),
  ]
  return parse.lookUp(instant, (name) => `(${name} + ${searchTree(name, offsets)})`)
}

function historyOf(zone: string): ZoneHistory {
  const history = zoneHistory(zone)
  if (!history) throw new RangeError(`${zone} is no time zone`)
  return history
}

/**
 * Both rules mean that the offset from before a change holds until the later of the two readings that the wall clock
 * has at the change: the end of the hour that comes twice, or of the hour that is skipped.
 */
export function localOffsets({ firstOffsetMs, changes }: ZoneHistory): OffsetFrom[] {
  return [
    { fromMs: Number.NEGATIVE_INFINITY, offsetMs: firstOffsetMs },
    ...changes.map(({ atMs, offsetMs }, index) => {
      const before = changes[index - 1]?.offsetMs ?? firstOffsetMs
      return { fromMs: atMs + Math.max(before, offsetMs), offsetMs }
    }),
  ]
}

/** Binary search as nested CASEs: some eight comparisons for any time. */
function searchTree(ms: string, offsets: readonly OffsetFrom[]): string {
  if (offsets.length === 1) return String(offsets[0]!.offsetMs)
  const middle = Math.floor(offsets.length / 2)
  const [earlier, later] = [offsets.slice(0, middle), offsets.slice(middle)]
  const isEarlier = `${ms} < ${later[0]!.fromMs}`
  return `CASE WHEN ${isEarlier} THEN ${searchTree(ms, earlier)} ELSE ${searchTree(ms, later)} END`
}
