/** The report of a running server, which owns its file: a command reads and publishes through it. */
import type { Publication, Report } from '../ports/report.ts'
import type { Link } from './link.ts'
import type { Ask, Methods } from './offer-link.ts'

const READ_METHODS = [
  'streamState',
  'lateRanges',
  'query',
  'digest',
  'windowRanges',
  'metricState',
  'heldMetrics',
  'requireWhole',
  'runs',
  'rejects',
] as const

/** What `servedReport` calls. */
export function reportMethods(report: Report): Methods {
  const reads = READ_METHODS.map((method) => [
    method,
    // bounded: what the other side's call of the method had as arguments
    (args: readonly never[]) => Reflect.apply(report[method], report, args) as Promise<unknown>,
  ])
  const publish = (args: readonly unknown[], ask: Ask) => {
    const [publication] = args as [Omit<Publication, 'record'>]
    const record = ((revision, rows) => ask(revision, rows)) as Publication['record']
    return report.publish({ ...publication, record })
  }
  return { ...Object.fromEntries(reads), publish }
}

/** Closing it closes the link. */
export function servedReport(link: Link): Report {
  const reads = READ_METHODS.map((method) => [
    method,
    (...args: readonly unknown[]) => link.call(method, args),
  ])
  return {
    ...(Object.fromEntries(reads) as Pick<Report, (typeof READ_METHODS)[number]>),
    renameSource: () => Promise.reject(new Error('a source is renamed while no server runs')),
    advance: () => Promise.reject(new Error('a stream advances in its own server alone')),
    publish: ({ record, ...publication }) =>
      link.call('publish', [publication], record) as ReturnType<Report['publish']>,
    // A server on this machine answers, and what it was told to publish has an outcome.
    interrupt: () => undefined,
    close: async () => link.close(),
  }
}
