/** What a report says of the streams it takes, read by SQL that its databases share. */
import { finalBefore } from '../core/final-windows.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { LateWindow, StreamState } from '../ports/report.ts'
import type { StateSource } from './state-source.ts'

/** Metrics that the definition no longer holds are left out: they stand at an earlier offset. */
export async function readStreamState(
  { read, schema }: StateSource,
  source: string,
): Promise<StreamState | undefined> {
  const sql = `SELECT incarnation, end_offset, clock_ms FROM ${schema}.streams WHERE tenant = '' AND source = $1`
  const [row] = await read(sql, [source])
  if (!row) return undefined
  const endOffset = Number(row[1])
  const columns = `metric, version, start_offset, start_clock_ms, lateness_ms,
    appended, counted, filtered, late, rejected`
  const rows = await read(
    `SELECT ${columns} FROM ${schema}.stream_metrics
      WHERE tenant = '' AND source = $1 AND end_offset = $2 ORDER BY metric, version`,
    [source, endOffset],
  )
  const metrics = rows.map(([metric, version, ...rest]) => {
    const [startOffset, startClockMs, latenessMs, appended, counted, filtered, late, rejected] =
      rest.map(Number)
    const name = { metric: String(metric), version: String(version) }
    const ledger = {
      source,
      metric: name.metric,
      appended: appended!,
      counted: counted!,
      filtered: filtered!,
    }
    return {
      ...{ ...name, startOffset: startOffset!, startClockMs: startClockMs!, latenessMs: latenessMs! },
      ledger: { ...ledger, late: late!, rejected: rejected! },
    }
  })
  return { source, incarnation: String(row[0]), endOffset, clockMs: Number(row[2]), metrics }
}

/** In order of source, metric and window. */
export async function readLateWindows({ read, schema, epochMs }: StateSource): Promise<LateWindow[]> {
  const rows = await read(
    `SELECT source, metric, version, ${epochMs('window_start')}, sum(lines), max(end_offset)
      FROM ${schema}.late_windows WHERE tenant = '' GROUP BY source, metric, version, window_start
      ORDER BY source, metric, version, window_start`,
    [],
  )
  return rows.map(([source, metric, version, windowMs, lines, endOffset]) => ({
    ...{ source: String(source), metric: String(metric), version: String(version) },
    ...{ windowMs: Number(windowMs), lines: Number(lines), endOffset: Number(endOffset) },
  }))
}

/** What the stream has of a version: all windows from one start on, and those before another are final. */
export async function readStreamed(
  { read, schema }: StateSource,
  metric: string,
  version: string,
  windowMs: number,
): Promise<{ range: TimeRange; finalBeforeMs: number } | undefined> {
  const sql = `SELECT start_offset, start_clock_ms, clock_ms, lateness_ms FROM ${schema}.stream_metrics
    WHERE tenant = '' AND metric = $1 AND version = $2`
  const [row] = await read(sql, [metric, version])
  if (!row) return undefined
  const [startOffset, startClockMs, clockMs, latenessMs] = row.map(Number)
  const fromMs = Math.ceil(startClockMs! / windowMs) * windowMs
  // Where nothing lies below the stream, it has all there ever was.
  const range = startOffset === 0 ? {} : { fromMs }
  return { range, finalBeforeMs: finalBefore(clockMs!, windowMs, latenessMs!) }
}
