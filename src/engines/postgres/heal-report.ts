/** Makes the tables again that somebody took away, and has their metrics counted from the first line. */
import { type ResetStore, resetVersion } from '../../compile/reset-version.ts'
import { MillraceError } from '../../core/error.ts'
import type { MetricPlan } from '../../core/plan.ts'
import type { StagedTextReader } from '../../ports/staged-text.ts'
import { findLost, type LostTable, type SeenFiles } from './find-lost.ts'
import { replaceView } from './metric-view.ts'
import type { PostgresNames } from './postgres-names.ts'
import { PostgresPublishStore } from './publish-store.ts'
import { COLUMNS_OF, namesOfTables } from './table-book.ts'
import { tryBriefly } from './take-briefly.ts'
import type { Transaction } from './transaction.ts'

const HAS_DEPENDENTS = '2BP01'

export interface HealPlace {
  readonly transaction: Transaction
  readonly names: PostgresNames
  readonly text: StagedTextReader
  readonly seen: SeenFiles
  /** Of the report, for messages. */
  readonly path: string
}

/** Under the lock of the schema. Resolves to what was lost. Errors: REPORT_FOREIGN_TABLE. */
export async function healReport(place: HealPlace): Promise<LostTable[]> {
  const { transaction, names, seen, path } = place
  await adoptTables(transaction, names)
  const lost = await findLost(transaction, names, { seen })
  const foreign = lost.find(({ how }) => how === 'replaced')
  if (foreign) throw new MillraceError('REPORT_FOREIGN_TABLE', { path, table: foreign.table })
  const store = new PostgresResetStore({ ...place, runId: '' })
  const versions = new Map(lost.map((table) => [JSON.stringify([table.metric, table.version]), table]))
  for (const { metric, version } of versions.values()) await resetVersion(store, metric, version)
  await store.book.write()
  await restoreViews(transaction, names)
  await dropOrphans(transaction, names)
  return lost
}

class PostgresResetStore extends PostgresPublishStore implements ResetStore {
  async makeEmpty(plan: MetricPlan): Promise<void> {
    const { ordinary, live } = namesOfTables(plan)
    await this.book.makeTables(plan, true)
    for (const table of [...ordinary, ...live]) await this.book.empty(table)
  }

  giveUpTables(version: Pick<MetricPlan, 'metric' | 'version'>): Promise<void> {
    return this.book.forget(version)
  }
}

/** What a report of an older layout holds is taken as it stands. */
async function adoptTables(transaction: Transaction, names: PostgresNames): Promise<void> {
  const { schema, schemaName } = names
  const plans = await transaction.rows(
    `SELECT plan FROM ${schema}.metrics m WHERE tenant = '' AND NOT EXISTS
      (SELECT 1 FROM ${schema}.stored_tables t WHERE t.tenant = '' AND t.metric = m.metric AND t.version = m.version)`,
  )
  for (const [text] of plans) {
    const plan = JSON.parse(String(text)) as MetricPlan
    const { ordinary, live } = namesOfTables(plan)
    // Batch runs alone make no live tables.
    await transaction.run(
      `INSERT INTO ${schema}.stored_tables (metric, version, table_name, columns, row_count)
        SELECT $1, $2, w.name, ${COLUMNS_OF}, 0 FROM unnest($4::text[], $5::boolean[]) AS w(name, is_live)
          LEFT JOIN pg_class c ON c.relname = w.name
            AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $3)
        WHERE c.oid IS NOT NULL OR NOT w.is_live`,
      [
        ...[plan.metric, plan.version, schemaName],
        [...ordinary, ...live],
        [...ordinary.map(() => false), ...live.map(() => true)],
      ],
    )
    const known = await transaction.rows(
      `SELECT table_name FROM ${schema}.stored_tables WHERE tenant = '' AND metric = $1 AND version = $2
        AND columns IS NOT NULL`,
      [plan.metric, plan.version],
    )
    for (const [table] of known)
      await transaction.run(
        `UPDATE ${schema}.stored_tables SET row_count = (SELECT count(*) FROM ${schema}."${table}")
          WHERE tenant = '' AND table_name = $1`,
        [table],
      )
  }
}

/** Those that went with a table, or were dropped, of the version that is furthest. */
async function restoreViews(transaction: Transaction, names: PostgresNames): Promise<void> {
  const rows = await transaction.rows(
    `SELECT DISTINCT ON (v.metric) m.plan FROM ${names.schema}.views v
      JOIN ${names.schema}.metrics m ON m.tenant = '' AND m.metric = v.metric
      WHERE v.tenant = '' AND NOT EXISTS (SELECT 1 FROM pg_views p
        WHERE p.schemaname = $1 AND p.viewname = v.view_name)
      ORDER BY v.metric, m.revision DESC`,
    [names.viewsName],
  )
  for (const [plan] of rows) await replaceView(transaction, names, JSON.parse(String(plan)) as MetricPlan)
}

/** Tables of versions that were given up while somebody read them. */
async function dropOrphans(transaction: Transaction, names: PostgresNames): Promise<void> {
  const { schema, schemaName } = names
  const rows = await transaction.rows(
    `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname ~ '^(live_)?(totals|series|sketch)_[0-9a-f]{16}(_|$)'
        AND NOT EXISTS (SELECT 1 FROM ${schema}.stored_tables t WHERE t.tenant = '' AND t.table_name = c.relname)`,
    [schemaName],
  )
  if (rows.length === 0) return
  const tables = rows.map(([table]) => `${schema}."${table}"`).join(', ')
  const drop = async () => {
    await transaction.run(`DROP TABLE ${tables}`)
  }
  await tryBriefly(transaction, drop, [HAS_DEPENDENTS])
}
