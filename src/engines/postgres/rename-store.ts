/** PostgreSQL's side of renaming a source, in one transaction. */
import { type RenameStore, renamedTables } from '../../compile/rename-source.ts'
import type { StateTarget } from '../../compile/state-source.ts'
import type { MetricPlan } from '../../core/plan.ts'
import { type PostgresNames, quoteName, shorten } from './postgres-names.ts'
import { PostgresPublishStore, type PublishPlace } from './publish-store.ts'
import { targetOf } from './report-sql.ts'

export class PostgresRenameStore extends PostgresPublishStore implements RenameStore {
  readonly target: StateTarget
  readonly #place: PostgresNames

  constructor(place: Omit<PublishPlace, 'runId'>) {
    super({ ...place, runId: '' })
    this.#place = place.names
    this.target = targetOf(place.transaction, place.names)
  }

  /** A view goes on reading the tables that it was made for, but its text and its comment name the old ones. */
  async renameTables(before: MetricPlan, after: MetricPlan): Promise<void> {
    const tables = renamedTables(before, after, (plan) => this.tables(plan))
    for (const [table, renamed] of tables) {
      await this.#rename('TABLE', table, renamed)
      await this.#rename('INDEX', `${table}_windows`, `${renamed}_windows`)
    }
    await this.book.rename(after, tables)
    if (await this.#isShown(after)) await this.replaceView(after)
  }

  #rename(kind: 'TABLE' | 'INDEX', name: string, renamed: string): Promise<void> {
    const { schema } = this.#place
    const sql = `ALTER ${kind} IF EXISTS ${schema}.${quoteName(name)} RENAME TO ${quoteName(renamed)}`
    return this.target.run(sql, [])
  }

  async #isShown(plan: MetricPlan): Promise<boolean> {
    const view = `${this.#place.views}.${quoteName(plan.metric)}`
    const sql = 'SELECT pg_get_viewdef(to_regclass($1))'
    const [[text] = []] = await this.target.read(sql, [view])
    return String(text).includes(shorten(this.tables(plan).totals))
  }
}
