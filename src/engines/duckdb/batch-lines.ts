/** Batches of a log as a relation of lines: offset, observed time, raw bytes; split as the archive splits them. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { LineInsert } from '../../archive/line-insert.ts'
import { lineRuns } from '../../archive/line-runs.ts'
import type { StoredBatch } from '../../ports/log.ts'

const TABLE = 'log_lines'

/** Batches of one observed time, one after another. */
interface Stretch {
  readonly observedMs: number
  readonly lines: number
  readonly bytes: Buffer
}

/**
 * Replaces the lines at hand, in a temporary table of the connection, which must keep the order of insertion.
 * Returns the relation of those from `fromOffset` on. Throws when a batch has other lines than it says.
 */
export async function loadBatches(
  connection: DuckDBConnection,
  source: string,
  batches: readonly StoredBatch[],
  fromOffset: number,
): Promise<string> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${TABLE} (observed_ms BIGINT NOT NULL, raw BLOB NOT NULL)`,
  )
  const insertion = new LineInsert(connection, TABLE)
  let offset = batches[0]?.firstOffset ?? fromOffset
  const first = offset
  for (const { bytes, observedMs, lines } of joinBatches(batches)) {
    let found = 0
    for (const run of lineRuns({ bytes, isOneLine: lines === 1 }))
      found += await insertion.insert(run, observedMs)
    if (found !== lines) {
      throw new Error(`source ${source}: ${found} lines were split from offset ${offset} on, not ${lines}`)
    }
    offset += lines
  }
  insertion.release()
  const rows = `SELECT rowid + ${first} AS "offset", observed_ms, raw FROM ${TABLE}`
  return `(${rows} WHERE rowid >= ${fromOffset - first})`
}

/** Each statement costs far more than the lines of a small batch, so batches of one time go together. */
function joinBatches(batches: readonly StoredBatch[]): Stretch[] {
  const groups: StoredBatch[][] = []
  for (const batch of batches) {
    if (batch.endOffset === batch.firstOffset) continue
    const group = groups.at(-1)
    if (group?.at(0)?.observedMs === batch.observedMs) group?.push(batch)
    else groups.push([batch])
  }
  return groups.map((group) => ({
    observedMs: group[0]!.observedMs,
    lines: group.at(-1)!.endOffset - group[0]!.firstOffset,
    bytes:
      group.length === 1
        ? Buffer.from(group[0]!.bytes.buffer, group[0]!.bytes.byteOffset, group[0]!.bytes.byteLength)
        : Buffer.concat(group.map(({ bytes }) => bytes)),
  }))
}
