/** Tables that are not as Millrace left them: dropped, emptied, or replaced by others of the same name. */
import type { MetricPlan } from '../../core/plan.ts'
import { type PostgresNames, quoteName, quoteText } from './postgres-names.ts'
import { COLUMNS_OF } from './table-book.ts'
import type { Transaction } from './transaction.ts'

/** Of one version of a metric. */
export interface LostTable {
  readonly metric: string
  readonly version: string
  readonly table: string
  readonly how: 'dropped' | 'replaced' | 'changed'
}

interface StoredTable extends Omit<LostTable, 'how'> {
  readonly rowCount: number
  readonly file: string
  readonly isMissing: boolean
  readonly isOther: boolean
  readonly isLive: boolean
}

/** A table was looked at when it lay in this file, by name; what empties it at once gives it another. */
export type SeenFiles = Map<string, string>

/**
 * Of the version, or of all. Rows of live tables are counted each time, since these stay small and answers need them all.
 * An ordinary table that must have rows must have any; with `seen` its rows are counted too where it lies in another file.
 */
export async function findLost(
  transaction: Transaction,
  names: PostgresNames,
  { plan, seen }: { readonly plan?: Pick<MetricPlan, 'metric' | 'version'>; readonly seen?: SeenFiles },
): Promise<LostTable[]> {
  const stored = await readStored(transaction, names, plan)
  const lost = stored.flatMap(({ metric, version, table, isMissing, isOther }): LostTable[] => {
    const how = isMissing ? 'dropped' : isOther ? 'replaced' : undefined
    return how ? [{ metric, version, table, how }] : []
  })
  const there = stored.filter(({ isMissing, isOther }) => !isMissing && !isOther)
  const isCounted = ({ table, file, isLive }: StoredTable) => isLive || (seen && seen.get(table) !== file)
  const doubtful = there.filter((one) => isCounted(one) || one.rowCount > 0)
  const changed = await findChanged(transaction, names, doubtful, isCounted)
  for (const { table, file } of doubtful) if (!changed.has(table)) seen?.set(table, file)
  const how = 'changed' as const
  for (const { metric, version, table } of doubtful)
    if (changed.has(table)) lost.push({ metric, version, table, how })
  return lost
}

async function readStored(
  transaction: Transaction,
  { schema, schemaName }: PostgresNames,
  plan: Pick<MetricPlan, 'metric' | 'version'> | undefined,
): Promise<StoredTable[]> {
  const rows = await transaction.rows(
    `SELECT t.metric, t.version, t.table_name, t.row_count, c.relfilenode, c.oid IS NULL,
        c.relkind NOT IN ('r', 'p') OR NOT starts_with(coalesce(${COLUMNS_OF}, ''), coalesce(t.columns, ''))
      FROM ${schema}.stored_tables t LEFT JOIN pg_class c ON c.relname = t.table_name
        AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
      WHERE t.tenant = ''${plan ? ' AND t.metric = $2 AND t.version = $3' : ''} ORDER BY t.table_name`,
    [schemaName, ...(plan ? [plan.metric, plan.version] : [])],
  )
  return rows.map(([metric, version, table, rowCount, file, isMissing, isOther]) => ({
    ...{ metric: String(metric), version: String(version), table: String(table) },
    ...{ rowCount: Number(rowCount), file: String(file) },
    ...{ isMissing: isMissing === true, isOther: isOther === true },
    isLive: String(table).startsWith('live_'),
  }))
}

/** In one statement; names of those that hold other rows than they must. */
async function findChanged(
  transaction: Transaction,
  { schema }: PostgresNames,
  tables: readonly StoredTable[],
  isCounted: (table: StoredTable) => boolean | undefined,
): Promise<Set<string>> {
  if (tables.length === 0) return new Set()
  const asks = tables.map((stored) => {
    const { table, rowCount } = stored
    const from = `FROM ${schema}.${quoteName(table)}`
    const isChanged = isCounted(stored)
      ? `(SELECT count(*) ${from}) <> ${rowCount}`
      : `NOT EXISTS (SELECT 1 ${from})`
    return `SELECT ${quoteText(table)} WHERE ${isChanged}`
  })
  const rows = await transaction.rows(asks.join(' UNION ALL '))
  return new Set(rows.map(([table]) => String(table)))
}
