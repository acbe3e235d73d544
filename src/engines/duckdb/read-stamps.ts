/** Reads when the lines of a block were observed, in runs, so that a wrong clock can be found. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { printLines } from '../../compile/observed-lines.ts'
import type { StampQuery, StampRun } from '../../ports/archive.ts'
import { queryBlock } from './query-block.ts'

const HOUR_MS = 3_600_000

/** In order of offset, without a gap; a run is of one hour, on one side of each split. */
export function readStamps(path: string, query: StampQuery): Promise<StampRun[]> {
  const key = [
    `observed_ms // ${HOUR_MS}`,
    `observed_ms > ${query.splitMs}`,
    ...query.splitOffsets.map((offset) => `"offset" >= ${offset}`),
  ].join(', ')
  return queryBlock(path, async (connection, block) => {
    const lines = printLines(query, block)
    const runs = await readRuns(connection, lines, key)
    return isGapless(runs) ? runs : await readRuns(connection, numberRuns(lines, key), 'run')
  })
}

async function readRuns(connection: DuckDBConnection, lines: string, key: string): Promise<StampRun[]> {
  const reader = await connection.runAndReadAll(
    `SELECT min("offset"), max("offset") + 1, min(observed_ms), max(observed_ms) FROM (${lines})
      GROUP BY ${key} ORDER BY 1`,
  )
  return reader.getRows().map((row) => {
    const [firstOffset, endOffset, firstMs, lastMs] = row.map(Number) as [number, number, number, number]
    return { firstOffset, endOffset, firstMs, lastMs }
  })
}

/** Not where earlier times follow later ones, as an ingest and a log gave them once. */
function isGapless(runs: readonly StampRun[]): boolean {
  return runs.every(({ firstOffset }, place) => place === 0 || runs[place - 1]!.endOffset === firstOffset)
}

/** The dearer way: numbers the lines whose key is that of the line before alike. */
function numberRuns(lines: string, key: string): string {
  const marked = `SELECT *, (${key}) IS DISTINCT FROM lag((${key})) OVER (ORDER BY "offset") AS is_first FROM (${lines})`
  return `SELECT *, sum(is_first::INTEGER) OVER (ORDER BY "offset") AS run FROM (${marked})`
}
