/** Brings the schema to the newest migration, or checks that it is there. */

import { createHash } from 'node:crypto'
import { MillraceError } from '../../core/error.ts'
import { greatestOf } from '../../core/extremes.ts'
import { MIGRATIONS } from './migrations/index.ts'
import type { Migration } from './migrations/migration.ts'
import { type PostgresNames, quoteText } from './postgres-names.ts'
import type { Transaction } from './session.ts'

/** Sets millrace's advisory locks apart from those of other programs in the same database. */
const LOCK_CLASS = 0x6d6c7263
const OLDEST_SERVER = 130_000

/** Held until the transaction ends: one publisher of a schema at a time. */
export async function lockSchema(transaction: Transaction, names: PostgresNames): Promise<void> {
  await transaction.rows('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, names.schemaName])
}

/** Millrace's own tables, without which nothing can be said of the others. */
const OWN_TABLES = [
  ...['runs', 'metrics', 'measures', 'coverage', 'ledger', 'rejects', 'views', 'streams', 'stream_metrics'],
  ...['cuts', 'lateness', 'late_ranges', 'stored_tables'],
]

/** Errors: REPORT_UNFIT, REPORT_NEWER_FORMAT, REPORT_MIGRATION_CHANGED, REPORT_OWN_TABLE_LOST. */
export async function migrateSchema(
  transaction: Transaction,
  names: PostgresNames,
  path: string,
): Promise<void> {
  await checkServer(transaction, path)
  await lockSchema(transaction, names)
  await createSchemas(transaction, names)
  const applied = await readApplied(transaction, names)
  checkApplied(applied, path)
  for (const migration of MIGRATIONS) {
    if (applied.has(migration.number)) continue
    for (const statement of migration.statements(names.schema)) await transaction.run(statement)
    const row = [migration.number, migration.name, checksumOf(migration)]
    const table = `${names.schema}.migrations (number, name, checksum)`
    await transaction.run(`INSERT INTO ${table} VALUES ($1, $2, $3)`, row)
  }
  await requireOwnTables(transaction, names, path)
}

/** Of a report that is there: one whose schema was dropped as a whole is made again. Errors: REPORT_OWN_TABLE_LOST. */
export async function requireOwnTables(
  transaction: Transaction,
  { schema, schemaName, views }: PostgresNames,
  path: string,
): Promise<void> {
  const missing = await transaction.rows(
    `WITH there AS (SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1)
      SELECT w.name FROM unnest($2::text[]) AS w(name) WHERE w.name NOT IN (SELECT relname FROM there)
        AND 'migrations' IN (SELECT relname FROM there)`,
    [schemaName, OWN_TABLES],
  )
  if (missing.length === 0) return
  const why = `${missing.map(([name]) => name).join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there`
  throw new MillraceError('REPORT_OWN_TABLE_LOST', { path, why, schema, views })
}

/**
 * For readers. Errors: REPORT_MISSING, REPORT_OLDER_FORMAT, REPORT_NEWER_FORMAT, REPORT_MIGRATION_CHANGED,
 * REPORT_OWN_TABLE_LOST.
 */
export async function requireSchema(
  transaction: Transaction,
  names: PostgresNames,
  path: string,
): Promise<void> {
  const known = await transaction.rows(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = 'migrations'`,
    [names.schemaName],
  )
  const applied = known.length > 0 ? await readApplied(transaction, names) : new Map()
  if (applied.size === 0) throw new MillraceError('REPORT_MISSING', { path })
  checkApplied(applied, path)
  if (applied.size < MIGRATIONS.length)
    throw new MillraceError('REPORT_OLDER_FORMAT', { path, found: applied.size, known: MIGRATIONS.length })
  await requireOwnTables(transaction, names, path)
}

async function checkServer(transaction: Transaction, path: string): Promise<void> {
  const sql = `SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
    current_setting('server_encoding')`
  const [[number, version, encoding] = []] = await transaction.rows(sql)
  if (Number(number) < OLDEST_SERVER)
    throw new MillraceError('REPORT_UNFIT', {
      path,
      why: `the server is version ${version}, and 13 is needed`,
    })
  if (encoding !== 'UTF8')
    throw new MillraceError('REPORT_UNFIT', {
      path,
      why: `the database has encoding ${encoding}, and UTF8 is needed`,
    })
}

/** Asks first, since IF NOT EXISTS wants the right to create even where nothing is to be created. */
async function createSchemas(transaction: Transaction, names: PostgresNames): Promise<void> {
  const wanted = [
    [
      names.schemaName,
      names.schema,
      'Millrace: totals, and what they were computed from. Read the views instead',
    ],
    [names.viewsName, names.views, 'Millrace: a view for each metric'],
  ] as const
  for (const [name, quoted, comment] of wanted) {
    const found = await transaction.rows('SELECT 1 FROM pg_namespace WHERE nspname = $1', [name])
    if (found.length > 0) continue
    await transaction.run(`CREATE SCHEMA ${quoted}`)
    await transaction.run(`COMMENT ON SCHEMA ${quoted} IS ${quoteText(comment)}`)
  }
  await transaction.run(
    `CREATE TABLE IF NOT EXISTS ${names.schema}.migrations (number integer PRIMARY KEY, name text NOT NULL,
      checksum text NOT NULL, applied timestamptz NOT NULL DEFAULT now())`,
  )
}

async function readApplied(transaction: Transaction, names: PostgresNames): Promise<Map<number, string>> {
  const rows = await transaction.rows(`SELECT number, checksum FROM ${names.schema}.migrations`)
  return new Map(rows.map(([number, checksum]) => [Number(number), String(checksum)]))
}

function checkApplied(applied: ReadonlyMap<number, string>, path: string): void {
  const known = MIGRATIONS.length
  const found = greatestOf([0, ...applied.keys()])
  if (found > known) throw new MillraceError('REPORT_NEWER_FORMAT', { path, found, known })
  for (const migration of MIGRATIONS) {
    const checksum = applied.get(migration.number)
    if (checksum === undefined || checksum === checksumOf(migration)) continue
    throw new MillraceError('REPORT_MIGRATION_CHANGED', { path, number: migration.number })
  }
}

/** Over the text with a stand-in for the schema, which may differ from place to place. */
export function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.statements('schema').join(';\n')).digest('hex')
}
