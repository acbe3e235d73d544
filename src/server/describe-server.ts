/** The server's own metrics. */
import type { Log } from '../ports/log.ts'
import type { Counters } from './counters.ts'
import type { Family, Sample } from './open-metrics.ts'

/** By source: how far the archive is. */
export type ArchivedOffsets = ReadonlyMap<string, number>

export function describeServer(counters: Counters, log: Log, archived: ArchivedOffsets): Family[] {
  const sources = log.sources()
  const perSource = (value: (source: (typeof sources)[number]) => number): Sample[] =>
    sources.map((one) => ({ labels: { source: one.source }, value: value(one) }))
  const accepted = (value: (counts: { lines: number; bytes: number; duplicateLines: number }) => number) =>
    [...counters.accepted].map(([source, counts]) => ({ labels: { source }, value: value(counts) }))
  return [
    {
      ...{ name: 'millrace_ingest_requests', type: 'counter', help: 'Requests to ingest, by status.' },
      samples: [...counters.requests].map(([status, value]) => ({ labels: { status }, value })),
    },
    {
      ...{ name: 'millrace_ingest_lines', type: 'counter', help: 'Lines acked since the start.' },
      samples: accepted(({ lines }) => lines),
    },
    {
      ...{
        name: 'millrace_ingest_bytes',
        type: 'counter',
        unit: 'bytes',
        help: 'Bytes acked since the start.',
      },
      samples: accepted(({ bytes }) => bytes),
    },
    {
      ...{ name: 'millrace_ingest_duplicate_lines', type: 'counter' },
      help: 'Lines of batches that were repeated under their key and not added again.',
      samples: accepted(({ duplicateLines }) => duplicateLines),
    },
    {
      ...{ name: 'millrace_ingest_underway_bytes', type: 'gauge', unit: 'bytes' },
      help: 'Bytes of bodies that are not durable yet.',
      samples: [{ value: counters.bytesUnderway }],
    },
    {
      ...{ name: 'millrace_log_bytes', type: 'gauge', unit: 'bytes', help: 'Size of the log.' },
      samples: perSource(({ bytes }) => bytes),
    },
    {
      ...{ name: 'millrace_log_end_offset', type: 'gauge', help: 'The offset after the last durable line.' },
      samples: perSource(({ endOffset }) => endOffset),
    },
    {
      ...{
        name: 'millrace_archive_lag_lines',
        type: 'gauge',
        help: 'Lines of the log that the archive has not.',
      },
      samples: perSource(({ source, endOffset }) => endOffset - (archived.get(source) ?? endOffset)),
    },
    {
      ...{ name: 'millrace_log_healthy', type: 'gauge', help: '1 while lines can be acked.' },
      samples: [{ value: log.failure ? 0 : 1 }],
    },
  ] as Family[]
}
