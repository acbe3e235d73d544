/** The first layout: millrace's own tables, and the functions that views call. */
import { sketchFunctions } from '../../../compile/print-sketch.ts'
import { NUMERIC } from '../numeric-math.ts'
import type { Migration } from './migration.ts'

const KEY = `tenant text COLLATE "C" NOT NULL DEFAULT ''`
const NAME = 'text COLLATE "C" NOT NULL'

export const firstTables: Migration = {
  number: 1,
  name: 'tables',
  statements: (schema) => [
    `CREATE TABLE ${schema}.runs (${KEY}, revision bigint NOT NULL, run_id uuid NOT NULL UNIQUE,
      started timestamptz NOT NULL, finished timestamptz NOT NULL, engine ${NAME}, record text NOT NULL,
      PRIMARY KEY (tenant, revision))`,
    `CREATE TABLE ${schema}.metrics (${KEY}, metric ${NAME}, version ${NAME}, revision bigint NOT NULL,
      source ${NAME}, window_ms bigint NOT NULL, first_window timestamptz, last_window timestamptz,
      totals_table ${NAME}, series_table ${NAME}, plan text NOT NULL, PRIMARY KEY (tenant, metric, version))`,
    `CREATE TABLE ${schema}.measures (${KEY}, metric ${NAME}, version ${NAME}, measure ${NAME},
      aggregate ${NAME}, unit text, scale integer NOT NULL, table_name ${NAME}, columns text[] NOT NULL,
      PRIMARY KEY (tenant, metric, version, measure))`,
    `CREATE TABLE ${schema}.coverage (${KEY}, metric ${NAME}, version ${NAME},
      from_time timestamptz, to_time timestamptz)`,
    `CREATE INDEX ON ${schema}.coverage (tenant, metric, version)`,
    `CREATE TABLE ${schema}.ledger (${KEY}, revision bigint NOT NULL, source ${NAME}, metric text COLLATE "C",
      appended bigint NOT NULL, counted bigint NOT NULL, filtered bigint NOT NULL, rejected bigint NOT NULL,
      CHECK (appended = counted + filtered + rejected))`,
    `CREATE INDEX ON ${schema}.ledger (tenant, revision)`,
    `CREATE TABLE ${schema}.rejects (${KEY}, source ${NAME}, revision bigint NOT NULL, block ${NAME},
      "offset" bigint NOT NULL, metric text COLLATE "C", reason ${NAME}, field text COLLATE "C")`,
    `CREATE INDEX ON ${schema}.rejects (tenant, source, "offset")`,
    `CREATE TABLE ${schema}.views (${KEY}, metric ${NAME}, view_name ${NAME}, checksum ${NAME},
      PRIMARY KEY (tenant, metric))`,
    ...COMMENTS.map(([table, text]) => `COMMENT ON TABLE ${schema}.${table} IS '${text}'`),
    ...sketchFunctions((name) => `${schema}.${name}`, NUMERIC).map(
      ({ name, parameters, result, body }) => `CREATE FUNCTION ${schema}.${name}
        (${parameters.map((parameter) => `${parameter.name} ${parameter.type}`).join(', ')}) RETURNS ${result}
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$ SELECT ${body} $body$`,
    ),
  ],
}

const COMMENTS = [
  ['runs', 'One row for each batch run; record is all of it as JSON'],
  [
    'metrics',
    'One row for each version of a metric: its tables, its first and last window, its plan as JSON',
  ],
  ['measures', 'One row for each measure of a version: where its totals stand'],
  ['coverage', 'The ranges of windows that were computed; a null is an open end'],
  ['ledger', 'Every line is counted, filtered or rejected: one row for each run and source, and each metric'],
  ['rejects', 'Lines that the last run rejected, with block, offset and reason'],
  ['views', 'The view of each metric, and which text of it stands'],
] as const
