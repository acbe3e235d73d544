/** Lost lines in the ledger of runs and of streams. */
import type { Migration } from './migration.ts'

export const lost: Migration = {
  number: 6,
  name: 'lost',
  statements: (schema) => [
    `ALTER TABLE ${schema}.ledger ADD COLUMN lost bigint`,
    `ALTER TABLE ${schema}.ledger DROP CONSTRAINT ledger_check`,
    `ALTER TABLE ${schema}.ledger ADD CONSTRAINT ledger_check CHECK
      (appended = counted + filtered + coalesce(late, 0) + rejected + coalesce(outside, 0) + coalesce(lost, 0))`,
    `ALTER TABLE ${schema}.stream_metrics ADD COLUMN lost bigint NOT NULL DEFAULT 0`,
    `ALTER TABLE ${schema}.stream_metrics DROP CONSTRAINT stream_metrics_check`,
    `ALTER TABLE ${schema}.stream_metrics ADD CONSTRAINT stream_metrics_check
      CHECK (appended = counted + filtered + late + rejected + lost)`,
  ],
}
