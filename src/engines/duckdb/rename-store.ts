/** The embedded report's side of renaming a source, in the transaction of one connection. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { type RenameStore, renamedTables } from '../../compile/rename-source.ts'
import type { StateTarget } from '../../compile/state-source.ts'
import type { MetricPlan } from '../../core/plan.ts'
import { DuckdbPublishStore } from './publish-store.ts'
import { readRows } from './read-rows.ts'
import { qualify, targetOf } from './report-tables.ts'

export class DuckdbRenameStore extends DuckdbPublishStore implements RenameStore {
  readonly target: StateTarget
  readonly #connection: DuckDBConnection

  constructor(connection: DuckDBConnection) {
    super(connection)
    this.#connection = connection
    this.target = targetOf(connection)
  }

  async renameTables(before: MetricPlan, after: MetricPlan): Promise<void> {
    const isShown = await this.#isShown(before)
    for (const [table, renamed] of renamedTables(before, after, (plan) => this.tables(plan)))
      await this.#connection.run(`ALTER TABLE IF EXISTS ${qualify(table)} RENAME TO "${renamed}"`)
    if (isShown) await this.replaceView(after)
  }

  async #isShown(plan: MetricPlan): Promise<boolean> {
    const sql = `SELECT 1 FROM duckdb_views() WHERE schema_name = 'main' AND view_name = $1 AND contains(sql, $2)`
    return (await readRows(this.#connection, sql, [plan.metric, this.tables(plan).totals])).length > 0
  }
}
