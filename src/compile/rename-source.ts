/** Renaming: what a report says of a source is said under another name, in the one transaction that its store has begun. */
import { MillraceError } from '../core/error.ts'
import type { MetricPlan } from '../core/plan.ts'
import { tallyTables } from './live-tables.ts'
import { type Digest, metricVersion } from './metric-version.ts'
import type { PublishStore } from './publish-run.ts'
import type { MetricTables } from './report-tables.ts'
import type { StateTarget } from './state-source.ts'

export interface SourceNames {
  readonly from: string
  readonly to: string
}

/** How a database does the parts. */
export interface RenameStore extends Pick<PublishStore, 'tables' | 'dropTables' | 'forget' | 'streams'> {
  readonly target: StateTarget
  /** All tables of a version, and the view of its metric where it shows that version. */
  renameTables(before: MetricPlan, after: MetricPlan): Promise<void>
}

const OF_VERSION = ['measures', 'coverage', 'cuts', 'stream_metrics', 'lateness', 'late_ranges'] as const
const OF_SOURCE = ['streams', 'stream_metrics', 'lateness', 'late_ranges', 'ledger', 'rejects'] as const

/** Nothing where the report knows nothing of the old name. Errors: RENAME_BOTH_HOLD. */
export async function renameInReport(store: RenameStore, names: SourceNames, digest: Digest): Promise<void> {
  const { from, to } = names
  if (!(await isKnown(store, from))) return
  await clearEmpty(store, names)
  for (const before of await plansOf(store, from)) {
    const version = versionUnder(to, before, digest)
    await renameVersion(store, before, { ...before, source: to, version })
  }
  const { schema, run } = store.target
  for (const table of OF_SOURCE)
    await run(`UPDATE ${schema}.${table} SET source = $1 WHERE tenant = '' AND source = $2`, [to, from])
  await replaceInRecords(store, `"source":${JSON.stringify(from)}`, `"source":${JSON.stringify(to)}`)
}

/** A plan that an earlier version stored does not tell its meaning: nothing asks for its version but by that name. */
function versionUnder(source: string, { meaning, version }: Partial<MetricPlan>, digest: Digest): string {
  return meaning === undefined ? version! : metricVersion(meaning, source, digest)
}

async function isKnown({ target: { read, schema } }: RenameStore, source: string): Promise<boolean> {
  const counts = ['streams', 'metrics', 'ledger', 'rejects'].map(
    (table) => `(SELECT count(*) FROM ${schema}.${table} WHERE tenant = '' AND source = $1)`,
  )
  const [[count] = []] = await read(`SELECT ${counts.join(' + ')}`, [source])
  return Number(count) > 0
}

/** The new name may stand there already, of a source that nobody has sent a line to. */
async function clearEmpty(store: RenameStore, { from, to }: SourceNames): Promise<void> {
  const { read, schema } = store.target
  const held = await read(
    `SELECT 1 FROM ${schema}.metrics WHERE tenant = '' AND source = $1 AND first_window IS NOT NULL`,
    [to],
  )
  const stream = await store.streams.readStream(to)
  if (held.length > 0 || (stream && stream.endOffset > 0))
    throw new MillraceError('RENAME_BOTH_HOLD', { from, to, where: 'the report' })
  for (const plan of await plansOf(store, to)) {
    await store.streams.forgetStream(plan)
    await store.dropTables(plan)
    for (const table of ['metrics', 'measures', 'coverage'] as const)
      await store.forget(table, plan.metric, plan.version)
  }
  await store.streams.forgetSource(to)
}

async function plansOf({ target: { read, schema } }: RenameStore, source: string): Promise<MetricPlan[]> {
  const sql = `SELECT plan FROM ${schema}.metrics WHERE tenant = '' AND source = $1 ORDER BY metric, version`
  return (await read(sql, [source])).map(([plan]) => JSON.parse(String(plan)) as MetricPlan)
}

async function renameVersion(store: RenameStore, before: MetricPlan, after: MetricPlan): Promise<void> {
  const { schema, run } = store.target
  const of = [before.metric, before.version]
  if (after.version !== before.version) {
    await store.renameTables(before, after)
    for (const table of OF_VERSION)
      await run(
        `UPDATE ${schema}.${table} SET version = $1 WHERE tenant = '' AND metric = $2 AND version = $3`,
        [after.version, ...of],
      )
    await replaceInRecords(store, `"version":"${before.version}"`, `"version":"${after.version}"`)
  }
  for (const [table, renamed] of renamedTables(before, after, store.tables))
    await run(
      `UPDATE ${schema}.measures SET table_name = $1 WHERE tenant = '' AND metric = $2 AND version = $3 AND table_name = $4`,
      [renamed, before.metric, after.version, table],
    )
  const { series, totals } = store.tables(after)
  await run(
    `UPDATE ${schema}.metrics SET version = $1, source = $2, plan = $3, totals_table = $4, series_table = $5
      WHERE tenant = '' AND metric = $6 AND version = $7`,
    [after.version, after.source, JSON.stringify(after), totals, series, ...of],
  )
}

/** Old name and new one of each table that a version may have. */
export function renamedTables(
  before: MetricPlan,
  after: MetricPlan,
  tablesOf: (plan: MetricPlan) => MetricTables,
): (readonly [string, string])[] {
  const [held, next] = [tablesOf(before), tablesOf(after)]
  const ofTallies = before.tallies.flatMap((tally) => {
    const [old, renamed] = [tallyTables(held, tally), tallyTables(next, tally)]
    return [[old.ordinary, renamed.ordinary] as const, [old.live, renamed.live] as const]
  })
  return [[held.series, next.series], ...ofTallies]
}

/** Records are text that we wrote ourselves, without spaces, and names have no characters that JSON escapes. */
async function replaceInRecords({ target: { schema, run } }: RenameStore, before: string, after: string) {
  await run(
    `UPDATE ${schema}.runs SET record = replace(record, $1, $2) WHERE tenant = '' AND strpos(record, $1) > 0`,
    [before, after],
  )
}
