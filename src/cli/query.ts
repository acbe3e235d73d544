/** `millrace query METRIC`: merged totals as a table, CSV or JSON. */
import { type Command, Option } from 'commander'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { QueryAnswer, QueryRequest } from '../run/query-metric.ts'
import { formatTotals, type TotalsFormat } from './format-totals.ts'
import { readInstant, readNames } from './options.ts'
import { writeAll } from './output.ts'
import { sha256 } from './sha256.ts'
import { lacksOf, warn } from './warn-lacks.ts'
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
  readonly asOf?: number
  readonly engine?: string
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
    .addOption(
      new Option(
        '--as-of <time>',
        'compute anew, from the lines observed before that time, what a batch run would have counted then',
      )
        .argParser(readInstant)
        .conflicts('definitionVersion'),
    )
    .option('--engine <name>', "with --as-of: the engine to compute with; default: the definition's own")
    .addOption(new Option('--format <format>', 'default: table').choices(['table', 'csv', 'json']))
    .action((metric: string, options: QueryOptions, command: Command) =>
      query(workspaceOf(command), metric, options),
    )
}

async function query(workspace: Workspace, metric: string, options: QueryOptions): Promise<void> {
  const definition = await loadChecked(workspace)
  requireMetric(definition, metric)
  const { from, to, asOf, engine, format, definitionVersion: version, ...rest } = options
  if (engine !== undefined && asOf === undefined) throw new MillraceError('CLI_ENGINE_UNUSED', { engine })
  const range = { ...(from !== undefined && { fromMs: from }), ...(to !== undefined && { toMs: to }) }
  const request = { metric, range, ...rest, ...(version !== undefined && { version }) }
  const show = ({ table }: QueryAnswer) =>
    writeAll(formatTotals(table, format ?? (workspace.json ? 'json' : 'table')))
  if (asOf === undefined) return queryReport(workspace, definition, request, show)
  const { queryAsOf } = await import('./query-as-of.ts')
  const answer = await queryAsOf(workspace, definition, request, { observedBeforeMs: asOf, engine })
  await show(answer)
  warn(answer.warnings)
}

async function queryReport(
  workspace: Workspace,
  definition: Definition,
  request: QueryRequest,
  show: (answer: QueryAnswer) => Promise<void>,
): Promise<void> {
  const deployment = deploymentOf(workspace, definition)
  const { openReport } = await import('../engines/registry.ts')
  const { queryMetric } = await import('../run/query-metric.ts')
  const job = { definition, digest: sha256, openReport: () => openReport(deployment, 'read') }
  const answer = await queryMetric(job, request)
  await show(answer)
  const { metric, range } = request
  warn(await lacksOf(workspace, definition, { ...answer, metric, range }))
}
