/** Makes the tables again that another program took away or changed, and has their metrics counted from the first line. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { type ResetStore, resetVersion } from '../../compile/reset-version.ts'
import type { MetricPlan } from '../../core/plan.ts'
import { DuckdbAdvanceStore } from './advance-store.ts'
import { dropAccount, findLost, type LostTable } from './table-account.ts'

/** Within a transaction. Resolves to what was lost. */
export async function healReport(connection: DuckDBConnection): Promise<LostTable[]> {
  const lost = await findLost(connection)
  if (lost.length === 0) return lost
  const store = new DuckdbResetStore(connection, { liveRows: new Map(), withLive: new Set() })
  const versions = new Map(lost.map((table) => [JSON.stringify([table.metric, table.version]), table]))
  for (const { metric, version } of versions.values()) await resetVersion(store, metric, version)
  await dropAccount(connection)
  return lost
}

class DuckdbResetStore extends DuckdbAdvanceStore implements ResetStore {
  async makeEmpty(plan: MetricPlan): Promise<void> {
    await this.dropTables(plan)
    await this.createTables(plan)
    await this.replaceView(plan)
  }

  /** Nobody reads what is left of them. */
  async giveUpTables(): Promise<void> {}
}
