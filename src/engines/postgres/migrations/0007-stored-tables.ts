/** What each table of a version must hold, by which one that was dropped, emptied or replaced is noticed. */
import type { Migration } from './migration.ts'

export const storedTables: Migration = {
  number: 7,
  name: 'stored-tables',
  statements: (schema) => [
    `CREATE TABLE ${schema}.stored_tables (tenant text COLLATE "C" NOT NULL DEFAULT '',
      metric text COLLATE "C" NOT NULL, version text COLLATE "C" NOT NULL, table_name text COLLATE "C" NOT NULL,
      columns text COLLATE "C", row_count bigint NOT NULL, PRIMARY KEY (tenant, table_name))`,
    `COMMENT ON TABLE ${schema}.stored_tables IS
      'One row for each table of a version: its columns, and how many rows Millrace has left in it'`,
  ],
}
