/** Windows that wait as ranges: few rows however many windows there are. */
import { convertLateWindows } from '../../../compile/convert-late-windows.ts'
import type { Migration } from './migration.ts'

const KEY = `tenant text COLLATE "C" NOT NULL DEFAULT ''`
const NAME = 'text COLLATE "C" NOT NULL'

export const lateRanges: Migration = {
  number: 5,
  name: 'late-ranges',
  statements: (schema) => [
    `CREATE TABLE ${schema}.late_ranges (${KEY}, source ${NAME}, metric ${NAME}, version ${NAME},
      from_time timestamptz NOT NULL, to_time timestamptz NOT NULL, lines bigint NOT NULL,
      end_offset bigint NOT NULL, CHECK (from_time < to_time))`,
    `CREATE INDEX ON ${schema}.late_ranges (tenant, metric, version)`,
    convertLateWindows(schema),
    `DROP TABLE ${schema}.late_windows`,
    `COMMENT ON TABLE ${schema}.late_ranges IS 'Ranges of windows in which late lines fell that no batch run has counted'`,
  ],
}
