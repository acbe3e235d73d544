/** Whole chunks of a job, and what the embedded engine has of the lines that were passed on, as one staged source. */
import type { SourcePlan, Tally } from '../../core/plan.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { StageRows, TallyRow } from '../../ports/stage-rows.ts'
import { type Chunk, dimensionsOf, type Row, sum } from './partial-rows.ts'
import { layOut, type MetricSlots } from './row-layout.ts'

export interface ChunkStaging {
  readonly plan: SourcePlan
  /** Each of one partition. */
  readonly parts: readonly Chunk[]
  readonly beside: StagedSource
  readonly stagingDir: string
  /** Of all chunks. */
  readonly lines: number
}

export async function stageChunks(staging: ChunkStaging, stageRows: StageRows): Promise<StagedSource> {
  const { plan, parts, beside, stagingDir, lines } = staging
  const layout = layOut(plan)
  const rowsOf = ({ set }: MetricSlots) => parts.flatMap((part) => part.rowsOf(set.tag))
  const rows = plan.metrics.map(({ tallies, dimensions }, place) => {
    const slots = layout.metrics[place]!
    const ofMetric = rowsOf(slots).filter((row) => recordsOf(row, slots) > 0)
    return tallies.map((tally, index) =>
      ofMetric.flatMap((row) => {
        const group = { windowMs: row.w, d: dimensionsOf(row).slice(0, dimensions.length) }
        return tallyRows(row, tally, slots, index).map((values) => ({ ...group, ...values }))
      }),
    )
  })
  const files = await stageRows({ plan, rows, beside, stagingDir })
  const ours = sum(parts, (part) => part.ours(layout))
  const metrics = beside.metrics.map((metric, place) => {
    const slots = layout.metrics[place]!
    const counted = sum(rowsOf(slots), (row) => recordsOf(row, slots))
    const filtered = metric.filtered + ours - counted
    return { ...metric, counted: metric.counted + counted, filtered, tallies: files[place]! }
  })
  return { ...beside, linesRead: lines, parsed: beside.parsed + ours, metrics }
}

/** Records of the row that the metric counts. */
function recordsOf(row: Row, { records }: MetricSlots): number {
  return records ? Number(row[records]) : row.n
}

type Values = Pick<TallyRow, 'key' | 'v'>

function tallyRows(row: Row, tally: Tally, slots: MetricSlots, index: number): Values[] {
  const names = slots.tallies[index]!
  if (tally.key) return listed(String(row[names[0]!] ?? ''), tally)
  const v = names.map((slot) => (slot ? textOf(row[slot]) : String(recordsOf(row, slots))))
  return [{ v }]
}

/** Items of a list, `key` or `key:value` of each record, those that are equal as one: a sketch's values are maxima, not sums. */
function listed(list: string, { columns }: Tally): Values[] {
  const times = new Map<string, number>()
  for (const item of list.split(',')) if (item) times.set(item, (times.get(item) ?? 0) + 1)
  return [...times].map(([item, count]) => {
    const [key, ...values] = item.split(':')
    const given = values.values()
    return { key: Number(key), v: columns.map(({ expr }) => (expr ? given.next().value! : String(count))) }
  })
}

function textOf(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
