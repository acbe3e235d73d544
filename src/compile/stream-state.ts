/** What a report says of the streams it takes, read by SQL that its databases share. */
import type { LatenessStep, LatenessSteps } from '../core/lateness.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { LateRange, StreamState } from '../ports/report.ts'
import type { StateSource } from './state-source.ts'
import { versionKey } from './version-key.ts'

export async function readStreamState(
  { read, schema }: StateSource,
  source: string,
): Promise<StreamState | undefined> {
  const mine = `WHERE tenant = '' AND source = $1`
  const sql = `SELECT incarnation, archive, end_offset, clock_ms FROM ${schema}.streams ${mine}`
  const [row] = await read(sql, [source])
  if (!row) return undefined
  const [incarnation, archive, endOffset, clockMs] = row
  const columns = `metric, version, start_offset, end_offset, clock_ms, start_clock_ms, final_before_ms,
    appended, counted, filtered, late, rejected, lost`
  const rows = await read(
    `SELECT ${columns} FROM ${schema}.stream_metrics ${mine} ORDER BY metric, version`,
    [source],
  )
  const steps = await readLateness({ read, schema }, source)
  return {
    ...{ source, incarnation: String(incarnation), ...(archive !== null && { archive: String(archive) }) },
    ...{ endOffset: Number(endOffset), clockMs: Number(clockMs) },
    metrics: rows.map((one) => toStreamed(source, one, steps)),
  }
}

function toStreamed(
  source: string,
  [name, id, ...rest]: readonly unknown[],
  steps: ReadonlyMap<string, LatenessSteps>,
): StreamState['metrics'][number] {
  const [startOffset, endOffset, clockMs, startClockMs, finalBeforeMs, ...counts] = rest.map(Number)
  const [appended, counted, filtered, late, rejected, lost] = counts
  const metric = String(name)
  return {
    ...{ metric, version: String(id), startOffset: startOffset!, endOffset: endOffset! },
    ...{ clockMs: clockMs!, startClockMs: startClockMs!, finalBeforeMs: finalBeforeMs! },
    lateness: steps.get(versionKey(metric, String(id))) ?? [],
    ledger: {
      ...{ source, metric, appended: appended!, counted: counted! },
      ...{ filtered: filtered!, late: late!, rejected: rejected! },
      ...(lost! > 0 && { lost: lost! }),
    },
  }
}

/** Of the versions of a source, by `versionKey`. */
async function readLateness(
  { read, schema }: Pick<StateSource, 'read' | 'schema'>,
  source: string,
): Promise<Map<string, LatenessStep[]>> {
  const columns = 'metric, version, from_offset, lateness_ms, final_before_ms'
  const rows = await read(
    `SELECT ${columns} FROM ${schema}.lateness WHERE tenant = '' AND source = $1 ORDER BY from_offset`,
    [source],
  )
  const held = new Map<string, LatenessStep[]>()
  for (const [metric, version, fromOffset, latenessMs, finalBeforeMs] of rows) {
    const key = versionKey(String(metric), String(version))
    const steps = held.get(key) ?? []
    const final = finalBeforeMs === null ? {} : { finalBeforeMs: Number(finalBeforeMs) }
    steps.push({ fromOffset: Number(fromOffset), latenessMs: Number(latenessMs), ...final })
    held.set(key, steps)
  }
  return held
}

/** In order of source, metric, version, start and offset. */
export async function readLateRanges({ read, schema, epochMs }: StateSource): Promise<LateRange[]> {
  const rows = await read(
    `SELECT source, metric, version, ${epochMs('from_time')}, ${epochMs('to_time')}, lines, end_offset
      FROM ${schema}.late_ranges WHERE tenant = ''
      ORDER BY source, metric, version, from_time, end_offset`,
    [],
  )
  return rows.map(([source, metric, version, fromMs, toMs, lines, endOffset]) => ({
    ...{ source: String(source), metric: String(metric), version: String(version) },
    ...{ fromMs: Number(fromMs), toMs: Number(toMs), lines: Number(lines), endOffset: Number(endOffset) },
  }))
}

/** What the stream has of a version: all windows from one start on, and those before another are final. */
export async function readStreamed(
  { read, schema }: StateSource,
  metric: string,
  version: string,
  windowMs: number,
): Promise<{ range: TimeRange; finalBeforeMs: number } | undefined> {
  const sql = `SELECT start_offset, start_clock_ms, final_before_ms FROM ${schema}.stream_metrics
    WHERE tenant = '' AND metric = $1 AND version = $2`
  const [row] = await read(sql, [metric, version])
  if (!row) return undefined
  const [startOffset, startClockMs, finalBeforeMs] = row.map(Number)
  const fromMs = Math.ceil(startClockMs! / windowMs) * windowMs
  // Where nothing lies below the stream, it has all there ever was.
  const range = startOffset === 0 ? {} : { fromMs }
  return { range, finalBeforeMs: finalBeforeMs! }
}
