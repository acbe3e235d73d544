/** The metrics of the streams. */
import type { Log } from '../ports/log.ts'
import type { Family, Sample } from './open-metrics.ts'
import { FRESHNESS_SECONDS, type StreamFacts, type StreamWatch } from './stream-watch.ts'

export function describeStreams({ streams }: StreamWatch, log: Log): Family[] {
  const perStream = (value: (facts: StreamFacts, source: string) => number): Sample[] =>
    [...streams].map(([source, facts]) => ({ labels: { source }, value: value(facts, source) }))
  const held = new Set(log.sources().map(({ source }) => source))
  return [
    {
      ...{ name: 'millrace_stream_lines', type: 'counter', help: 'Lines counted since the start.' },
      samples: perStream(({ lines }) => lines),
    },
    {
      ...{ name: 'millrace_stream_taken_over_lines', type: 'counter' },
      help: 'Lines that a job was to tally, counted here since it had not in time.',
      samples: perStream(({ takenOver }) => takenOver),
    },
    {
      ...{ name: 'millrace_stream_rejected_lines', type: 'counter' },
      help: 'Lines since the start that could not be used, by reason; a line may have several.',
      samples: [...streams].flatMap(([source, { rejected }]) =>
        [...rejected].map(([reason, value]) => ({ labels: { source, reason }, value })),
      ),
    },
    {
      ...{ name: 'millrace_stream_late_lines', type: 'counter' },
      help: 'Lines since the start that came when their window was final, by metric; a batch counts them.',
      samples: [...streams].flatMap(([source, { late }]) =>
        [...late].map(([metric, value]) => ({ labels: { source, metric }, value })),
      ),
    },
    {
      ...{ name: 'millrace_stream_commits', type: 'counter', help: 'Micro-batches committed.' },
      samples: perStream(({ commits }) => commits),
    },
    {
      ...{ name: 'millrace_stream_commit_seconds', type: 'gauge', unit: 'seconds' },
      help: 'What the latest micro-batch took, from reading the log to its commit.',
      samples: perStream(({ commitSeconds }) => commitSeconds),
    },
    {
      ...{ name: 'millrace_stream_clock_seconds', type: 'gauge', unit: 'seconds' },
      help: 'The observed clock of the source, in seconds since the epoch.',
      samples: perStream((_, source) => (held.has(source) ? log.end(source).clockMs / 1000 : 0)),
    },
    {
      ...{ name: 'millrace_freshness_seconds', type: 'histogram', unit: 'seconds' },
      help: 'From the time at which the oldest line of a micro-batch was observed to that at which it counted.',
      samples: [...streams].flatMap(([source, facts]) => histogram(source, facts)),
    },
  ]
}

function histogram(source: string, { freshness, freshnessSum }: StreamFacts): Sample[] {
  let count = 0
  const buckets = freshness.map((number, place): Sample => {
    count += number
    return { suffix: '_bucket', labels: { source, le: boundOf(place) }, value: count }
  })
  const labels = { source }
  return [
    ...buckets,
    { suffix: '_count', labels, value: count },
    { suffix: '_sum', labels, value: freshnessSum },
  ]
}

/** As a float, which the format demands of a bound. */
function boundOf(place: number): string {
  const bound = FRESHNESS_SECONDS[place]
  if (bound === undefined) return '+Inf'
  return Number.isInteger(bound) ? `${bound}.0` : String(bound)
}
