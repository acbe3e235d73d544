/** The allowed lateness by offset, and how far windows are final, which an allowance that grows does not take back. */
import type { Migration } from './migration.ts'

const KEY = `tenant text COLLATE "C" NOT NULL DEFAULT ''`
const NAME = 'text COLLATE "C" NOT NULL'

export const lateness: Migration = {
  number: 4,
  name: 'lateness',
  statements: (schema) => [
    `CREATE TABLE ${schema}.lateness (${KEY}, source ${NAME}, metric ${NAME}, version ${NAME},
      from_offset bigint NOT NULL, lateness_ms bigint NOT NULL, final_before_ms bigint,
      PRIMARY KEY (tenant, metric, version, from_offset))`,
    `CREATE INDEX ON ${schema}.lateness (tenant, source)`,
    `COMMENT ON TABLE ${schema}.lateness IS
      'For how long after its end a window takes lines, of each version that is streamed, from an offset on'`,
    `INSERT INTO ${schema}.lateness (tenant, source, metric, version, from_offset, lateness_ms)
      SELECT tenant, source, metric, version, start_offset, lateness_ms FROM ${schema}.stream_metrics`,
    `ALTER TABLE ${schema}.stream_metrics ADD COLUMN final_before_ms bigint`,
    `UPDATE ${schema}.stream_metrics SET final_before_ms = clock_ms - lateness_ms`,
    `UPDATE ${schema}.stream_metrics s
      SET final_before_ms = final_before_ms - ((final_before_ms % m.window_ms) + m.window_ms) % m.window_ms
      FROM ${schema}.metrics m
      WHERE m.tenant = s.tenant AND m.metric = s.metric AND m.version = s.version`,
    `ALTER TABLE ${schema}.stream_metrics ALTER COLUMN final_before_ms SET NOT NULL`,
  ],
}
