/** What a totals query must answer, computed from groups with Maps and bigint only. */
import { sigma } from '../../src/core/distinct-registers.ts'
import { type Dimensions, type Group, REGISTERS } from './report-fixture.ts'

export interface ModelQuery {
  /** Start of the step that holds a window, or undefined to leave it out. */
  stepOf(windowMs: number): number | undefined
  /** Places of the dimensions kept. */
  readonly by: readonly number[]
  readonly ranks: readonly (readonly [numerator: number, denominator: number])[]
  keeps?(dimensions: Dimensions): boolean
}

export interface ModelRow {
  readonly windowMs: number
  readonly dimensions: readonly Dimensions[number][]
  readonly records: bigint
  readonly valued: bigint
  readonly sum: bigint | null
  readonly least: bigint | null
  readonly most: bigint | null
  readonly heat: number | null
  readonly buckets: readonly (number | null)[]
  readonly distinct: number
}

/** Rows in the order a report owes. */
export function mergeGroups(groups: readonly Group[], query: ModelQuery): ModelRow[] {
  const cells = new Map<string, { windowMs: number; dimensions: Dimensions[number][]; parts: Group[] }>()
  for (const group of groups) {
    const windowMs = query.stepOf(group.windowMs)
    if (windowMs === undefined || query.keeps?.(group.dimensions) === false) continue
    const dimensions = query.by.map((place) => group.dimensions[place]!)
    const id = JSON.stringify([windowMs, ...dimensions.map((value) => [typeof value, String(value)])])
    const cell = cells.get(id) ?? { windowMs, dimensions, parts: [] }
    cell.parts.push(group)
    cells.set(id, cell)
  }
  return [...cells.values()]
    .sort((a, b) => a.windowMs - b.windowMs || compareLists(a.dimensions, b.dimensions))
    .map(({ windowMs, dimensions, parts }) => ({ windowMs, dimensions, ...mergeParts(parts, query.ranks) }))
}

function compareLists(a: readonly Dimensions[number][], b: readonly Dimensions[number][]): number {
  for (const [place, value] of a.entries()) {
    const order = compare(value, b[place]!)
    if (order !== 0) return order
  }
  return 0
}

function compare(a: Dimensions[number], b: Dimensions[number]): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

function mergeParts(parts: readonly Group[], ranks: ModelQuery['ranks']) {
  const values = (pick: (group: Group) => bigint | null) => parts.map(pick).filter((value) => value !== null)
  const sums = values(({ sum }) => sum)
  const heats = parts.map(({ heat }) => heat).filter((heat) => heat !== null)
  return {
    records: parts.reduce((total, { records }) => total + BigInt(records), 0n),
    valued: parts.reduce((total, { valued }) => total + BigInt(valued), 0n),
    sum: sums.length > 0 ? sums.reduce((a, b) => a + b) : null,
    least: values(({ least }) => least).reduce<bigint | null>((a, b) => (a === null || b < a ? b : a), null),
    most: values(({ most }) => most).reduce<bigint | null>((a, b) => (a === null || b > a ? b : a), null),
    heat: heats.length > 0 ? heats.reduce((a, b) => a + b) : null,
    buckets: ranks.map((rank) => bucketAt(parts, rank)),
    distinct: estimate(parts),
  }
}

/** The value at place ⌈q·n⌉ of all values written out one by one, in order. */
function bucketAt(
  parts: readonly Group[],
  [numerator, denominator]: readonly [number, number],
): number | null {
  const all = parts.flatMap(({ buckets }) =>
    buckets.flatMap(([key, count]) => new Array<number>(count).fill(key)),
  )
  all.sort((a, b) => a - b)
  return all[Math.ceil((all.length * numerator) / denominator - 1e-9) - 1] ?? null
}

function estimate(parts: readonly Group[]): number {
  const ranks = new Map<number, number>()
  for (const [register, rank] of parts.flatMap(({ registers }) => registers))
    ranks.set(register, Math.max(rank, ranks.get(register) ?? 0))
  if (ranks.size === 0) return 0
  const sum = [...ranks.values()].reduce((total, rank) => total + 2 ** -rank, 0)
  const empty = (REGISTERS - ranks.size) / REGISTERS
  return REGISTERS ** 2 / (2 * Math.LN2 * (sum + REGISTERS * sigma(empty)))
}
