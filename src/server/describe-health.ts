/** The metrics of health, as the one model judges it. */
import { doorFault, type Health, type SourceHealth } from '../core/health.ts'
import type { Family, Sample } from './open-metrics.ts'

/** A source of which nobody can say something at the moment has no sample of that. */
export function describeHealth(health: Health): Family[] {
  const { faults, sources } = health
  const perSource = (value: (one: SourceHealth) => number | undefined): Sample[] =>
    sources.flatMap((one) => {
      const found = value(one)
      return found === undefined ? [] : [{ labels: { source: one.source }, value: found }]
    })
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)
  const without = (...codes: readonly string[]) =>
    perSource((one) => (one.faults.some(({ code }) => codes.includes(code)) ? 0 : 1))
  return [
    {
      ...{ name: 'millrace_healthy', type: 'gauge', help: '1 while /readyz says that all is well.' },
      samples: [{ value: faults.length === 0 ? 1 : 0 }],
    },
    {
      ...{
        name: 'millrace_faults',
        type: 'gauge',
        help: 'Faults that /readyz and `millrace status` tell, by code.',
      },
      samples: faults.map(({ code, source }) => ({ labels: { code, ...(source && { source }) }, value: 1 })),
    },
    {
      ...{ name: 'millrace_log_healthy', type: 'gauge', help: '1 while lines can be acked.' },
      samples: [{ value: doorFault(health) ? 0 : 1 }],
    },
    {
      ...{ name: 'millrace_stream_healthy', type: 'gauge' },
      help: '0 while the stream of a source cannot go on.',
      samples: without('STREAM_FAILED', 'REPORT_AHEAD', 'LOG_LINES_MISSING', 'REPORT_AWAY'),
    },
    {
      ...{ name: 'millrace_stream_lag_lines', type: 'gauge', help: 'Acked lines that are in no total yet.' },
      samples: perSource(({ uncountedLines }) => uncountedLines),
    },
    {
      ...{ name: 'millrace_stream_lag_seconds', type: 'gauge', unit: 'seconds' },
      help: 'Since the oldest acked line was observed that is in no total yet; 0 without one.',
      samples: perSource(({ uncountedMs }) => seconds(uncountedMs)),
    },
    {
      ...{ name: 'millrace_archive_healthy', type: 'gauge' },
      help: '0 while the archive cannot take the lines of a source, or has not for too long.',
      samples: without('ARCHIVE_FAILED', 'ARCHIVE_BEHIND'),
    },
    {
      ...{
        name: 'millrace_archive_lag_lines',
        type: 'gauge',
        help: 'Lines of the log that the archive lacks.',
      },
      samples: perSource(({ unarchivedLines }) => unarchivedLines),
    },
    {
      ...{ name: 'millrace_archive_lag_seconds', type: 'gauge', unit: 'seconds' },
      help: 'Since the oldest line was observed that the archive lacks; 0 without one.',
      samples: perSource(({ unarchivedMs }) => seconds(unarchivedMs)),
    },
  ]
}
