/** The server's own metrics. */
import type { Log } from '../ports/log.ts'
import type { Counters } from './counters.ts'
import type { Family, Sample } from './open-metrics.ts'

export function describeServer(counters: Counters, log: Log): Family[] {
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
  ] as Family[]
}
