/** Which tables each version has and how many rows stand in them, kept in the transaction that changes these. */
import { allTables } from '../../compile/report-tables.ts'
import type { MetricPlan } from '../../core/plan.ts'
import { tablesOf } from '../table-key.ts'
import { createLiveTables, createTables } from './metric-tables.ts'
import { type PostgresNames, quoteName } from './postgres-names.ts'
import type { Transaction } from './transaction.ts'

/** Names and types of a table's columns, in their order; of `c`, a row of pg_class. */
export const COLUMNS_OF = `(SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', '
  ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`

/** Unquoted names, of what batch runs fill and of what a stream adds to. */
export function namesOfTables(plan: MetricPlan): { ordinary: string[]; live: string[] } {
  const tables = tablesOf(plan.metric, plan.version)
  const ordinary = allTables(plan, tables)
  return { ordinary, live: ordinary.filter((name) => name !== tables.series).map(tables.live) }
}

export class TableBook {
  readonly #transaction: Transaction
  readonly #names: PostgresNames
  /** By unquoted name. */
  readonly #changes = new Map<string, number>()

  constructor(transaction: Transaction, names: PostgresNames) {
    this.#transaction = transaction
    this.#names = names
  }

  /** Rows that came, or went if negative. */
  note(table: string, rows: number): void {
    if (rows !== 0) this.#changes.set(table, (this.#changes.get(table) ?? 0) + rows)
  }

  /** Makes those that are missing. What an older run of the same version left there goes. */
  async makeTables(plan: MetricPlan, isLive: boolean): Promise<void> {
    const tables = tablesOf(plan.metric, plan.version)
    const { schema } = this.#names
    const { ordinary, live } = namesOfTables(plan)
    const wanted = [...ordinary, ...(isLive ? live : [])]
    if ((await this.#standing(wanted)) === wanted.length) return
    const lasting = createTables(plan, tables, schema)
    const statements = isLive ? [...lasting, ...createLiveTables(plan, tables, schema)] : lasting
    for (const statement of statements) await this.#transaction.run(statement)
    const added = await this.#transaction.rows(
      `INSERT INTO ${schema}.stored_tables (metric, version, table_name, columns, row_count)
        SELECT $1, $2, c.relname, ${COLUMNS_OF}, 0
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $3 AND c.relname = ANY($4)
        ON CONFLICT (tenant, table_name) DO NOTHING RETURNING table_name`,
      [plan.metric, plan.version, this.#names.schemaName, wanted],
    )
    for (const [table] of added) await this.#transaction.run(`DELETE FROM ${this.#qualify(String(table))}`)
  }

  /** How many of them are known and there. */
  async #standing(tables: readonly string[]): Promise<number> {
    const rows = await this.#transaction.rows(
      `SELECT 1 FROM ${this.#names.schema}.stored_tables t JOIN pg_class c ON c.relname = t.table_name
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE t.tenant = '' AND n.nspname = $1 AND t.table_name = ANY($2)`,
      [this.#names.schemaName, tables],
    )
    return rows.length
  }

  /** Resolves to how many rows went. */
  async clear(table: string, condition = 'TRUE'): Promise<number> {
    const gone = await this.#transaction.run(`DELETE FROM ${this.#qualify(table)} WHERE ${condition}`)
    this.note(table, -gone)
    return gone
  }

  /** Whatever stands there. */
  async empty(table: string): Promise<void> {
    await this.clear(table)
    this.#changes.delete(table)
    const sql = `UPDATE ${this.#names.schema}.stored_tables SET row_count = 0 WHERE tenant = '' AND table_name = $1`
    await this.#transaction.run(sql, [table])
  }

  async dropTables(plan: MetricPlan): Promise<void> {
    const { ordinary, live } = namesOfTables(plan)
    const tables = [...live, ...ordinary]
    await this.#transaction.run(
      `DROP TABLE IF EXISTS ${tables.map((name) => this.#qualify(name)).join(', ')}`,
    )
  }

  /** Tables that stand there still are nobody's from now on. */
  async forget({ metric, version }: Pick<MetricPlan, 'metric' | 'version'>): Promise<void> {
    const sql = `DELETE FROM ${this.#names.schema}.stored_tables WHERE tenant = '' AND metric = $1 AND version = $2`
    await this.#transaction.run(sql, [metric, version])
  }

  /** Old name and new one of tables, which are of this version from now on. */
  async rename(
    { metric, version }: Pick<MetricPlan, 'metric' | 'version'>,
    names: readonly (readonly [string, string])[],
  ): Promise<void> {
    await this.#transaction.run(
      `UPDATE ${this.#names.schema}.stored_tables t SET metric = $1, version = $2, table_name = n.renamed
        FROM unnest($3::text[], $4::text[]) AS n(held, renamed)
        WHERE t.tenant = '' AND t.table_name = n.held`,
      [metric, version, names.map(([held]) => held), names.map(([, renamed]) => renamed)],
    )
  }

  /** Once, before the transaction ends. */
  async write(): Promise<void> {
    if (this.#changes.size === 0) return
    await this.#transaction.run(
      `UPDATE ${this.#names.schema}.stored_tables t SET row_count = t.row_count + c.rows
        FROM unnest($1::text[], $2::bigint[]) AS c(name, rows) WHERE t.tenant = '' AND t.table_name = c.name`,
      [[...this.#changes.keys()], [...this.#changes.values()]],
    )
    this.#changes.clear()
  }

  #qualify(table: string): string {
    return `${this.#names.schema}.${quoteName(table)}`
  }
}
