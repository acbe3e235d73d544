/** Late lines in the ledger, up to where each range was counted, and the tables of streams. */
import type { Migration } from './migration.ts'

const KEY = `tenant text COLLATE "C" NOT NULL DEFAULT ''`
const NAME = 'text COLLATE "C" NOT NULL'

export const streams: Migration = {
  number: 2,
  name: 'streams',
  statements: (schema) => [
    `ALTER TABLE ${schema}.ledger ADD COLUMN late bigint`,
    `ALTER TABLE ${schema}.ledger DROP CONSTRAINT ledger_check`,
    `ALTER TABLE ${schema}.ledger ADD CONSTRAINT ledger_check
      CHECK (appended = counted + filtered + coalesce(late, 0) + rejected)`,
    `CREATE TABLE ${schema}.streams (${KEY}, source ${NAME}, incarnation ${NAME}, end_offset bigint NOT NULL,
      clock_ms bigint NOT NULL, advance_id uuid, PRIMARY KEY (tenant, source))`,
    `CREATE TABLE ${schema}.stream_metrics (${KEY}, source ${NAME}, metric ${NAME}, version ${NAME},
      start_offset bigint NOT NULL, start_clock_ms bigint NOT NULL, end_offset bigint NOT NULL,
      clock_ms bigint NOT NULL, lateness_ms bigint NOT NULL, appended bigint NOT NULL, counted bigint NOT NULL,
      filtered bigint NOT NULL, late bigint NOT NULL, rejected bigint NOT NULL,
      PRIMARY KEY (tenant, metric, version), CHECK (appended = counted + filtered + late + rejected))`,
    `CREATE TABLE ${schema}.late_windows (${KEY}, source ${NAME}, metric ${NAME}, version ${NAME},
      window_start timestamptz NOT NULL, lines bigint NOT NULL, end_offset bigint NOT NULL)`,
    `CREATE INDEX ON ${schema}.late_windows (tenant, metric, version, window_start)`,
    `CREATE TABLE ${schema}.cuts (${KEY}, metric ${NAME}, version ${NAME}, from_time timestamptz,
      to_time timestamptz, cut bigint NOT NULL, revision bigint NOT NULL)`,
    `CREATE INDEX ON ${schema}.cuts (tenant, metric, version)`,
    // The cuts of what was published before are not known, so they count as nothing.
    `INSERT INTO ${schema}.cuts SELECT tenant, metric, version, from_time, to_time, 0, 0 FROM ${schema}.coverage`,
    ...COMMENTS.map(([table, text]) => `COMMENT ON TABLE ${schema}.${table} IS '${text}'`),
  ],
}

const COMMENTS = [
  ['streams', 'One row for each source that is streamed: how far it has come'],
  ['stream_metrics', 'One row for each version that is streamed: since when, how far, and its ledger'],
  ['cuts', 'Ranges of windows that batch runs published, and the offset up to which each counted'],
  ['late_windows', 'Windows in which late lines fell that no batch run has counted'],
] as const
