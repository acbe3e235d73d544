/** `millrace query METRIC`: merged totals as a table, CSV or JSON. */
import { type Command, Option } from 'commander'
import { formatTotals, type TotalsFormat } from './format-totals.ts'
import { readInstant, readNames } from './options.ts'
import { say, writeAll } from './output.ts'
import { sha256 } from './sha256.ts'
import { staleness } from './staleness.ts'
import { deploymentOf, loadChecked, requireMetric, type Workspace, workspaceOf } from './workspace.ts'

interface QueryOptions {
  readonly from?: number
  readonly to?: number
  readonly step?: string
  readonly by?: readonly string[]
  readonly measures?: readonly string[]
  readonly quantiles?: readonly string[]
  readonly where?: string
  readonly timezone?: string
  readonly definitionVersion?: string
  readonly format?: TotalsFormat
}

export function addQuery(program: Command): void {
  program
    .command('query')
    .description('show totals of a metric, merged to any coarser step and fewer dimensions')
    .argument('<metric>')
    .option('--from <time>', 'start of the first window', readInstant)
    .option('--to <time>', 'end of the last window', readInstant)
    .option(
      '--step <duration>',
      'width of the windows shown, such as 5m, 1h, 1d; default: those of the metric',
    )
    .option('--by <names>', 'dimensions to keep, with commas between; default: all, "" for none', readNames)
    .option('--measures <names>', 'measures and ratios to show; default: all', readNames)
    .option('--quantiles <ranks>', 'such as 0.5,0.95', readNames)
    .option('--where <expression>', 'a condition on dimensions')
    .option('--timezone <zone>', 'where hours and days begin, an IANA name or an offset; default: UTC')
    .option(
      '--definition-version <version>',
      'read totals that were computed for another version of the definition',
    )
    .addOption(new Option('--format <format>', 'default: table').choices(['table', 'csv', 'json']))
    .action((metric: string, options: QueryOptions, command: Command) =>
      query(workspaceOf(command), metric, options),
    )
}

async function query(workspace: Workspace, metric: string, options: QueryOptions): Promise<void> {
  const definition = await loadChecked(workspace)
  const { source } = requireMetric(definition, metric)
  const deployment = deploymentOf(workspace, definition)
  const { openArchive, openReport } = await import('../engines/registry.ts')
  const { queryMetric } = await import('../run/query-metric.ts')
  const { from, to, format, definitionVersion: version, ...rest } = options
  const range = { ...(from !== undefined && { fromMs: from }), ...(to !== undefined && { toMs: to }) }
  const job = { definition, digest: sha256, openReport: () => openReport(deployment, 'read') }
  const asked = { metric, range, ...rest, ...(version !== undefined && { version }) }
  const answer = await queryMetric(job, asked)
  await writeAll(formatTotals(answer.table, format ?? (workspace.json ? 'json' : 'table')))
  const archive = await openArchive(deployment)
  const { revision } = answer
  const stale = await staleness({ source, metric, version: answer.version, revision, archive, job })
  for (const warning of [...answer.warnings, ...stale]) say(`millrace: Warning: ${warning}`)
}
