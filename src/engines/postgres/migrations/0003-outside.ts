/** Lines outside a run's range in the ledger, and the archive that a stream counts. */
import type { Migration } from './migration.ts'

export const outside: Migration = {
  number: 3,
  name: 'outside',
  statements: (schema) => [
    `ALTER TABLE ${schema}.ledger ADD COLUMN outside bigint`,
    `ALTER TABLE ${schema}.ledger DROP CONSTRAINT ledger_check`,
    `ALTER TABLE ${schema}.ledger ADD CONSTRAINT ledger_check
      CHECK (appended = counted + filtered + coalesce(late, 0) + rejected + coalesce(outside, 0))`,
    `ALTER TABLE ${schema}.streams ADD COLUMN archive text COLLATE "C"`,
  ],
}
