/** Makes a report one that an older version wrote. */
import { DuckDBInstance } from '@duckdb/node-api'

export async function makeFormat2(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  await connection.run(
    `DROP TABLE millrace.lateness; ALTER TABLE millrace.stream_metrics DROP final_before_ms;
        ALTER TABLE millrace.ledger DROP outside; ALTER TABLE millrace.streams DROP archive;
        DROP TABLE millrace.late_ranges;
        CREATE TABLE millrace.late_windows (tenant VARCHAR, source VARCHAR, metric VARCHAR, version VARCHAR,
          window_start TIMESTAMP, lines BIGINT, end_offset BIGINT);
        UPDATE millrace.format SET version = 2`,
  )
  connection.closeSync()
  instance.closeSync()
}
