/** `millrace verify`: recomputes totals from the raw lines, and compares them with the report cell by cell. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { buildPlans } from '../compile/build-plan.ts'
import type { Definition } from '../core/definition.ts'
import { type Fault, faultsOf } from '../core/health.ts'
import type { TimeRange } from '../core/run-record.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { Verification, VerifiedMetric } from '../run/verify-totals.ts'
import { interruptible } from './interrupt.ts'
import { nextCommand } from './next-command.ts'
import { collect, readInstant } from './options.ts'
import { say, writeJson, writeOut } from './output.ts'
import { readRange } from './read-range.ts'
import { isUnwritable, recomputing } from './recompute.ts'
import { servedHealth } from './served-status.ts'
import { sha256 } from './sha256.ts'
import { tellHeld } from './tell-held.ts'
import { countOf, formatCount, textTable } from './text-table.ts'
import { waitForLock } from './wait-for-lock.ts'
import { deploymentOf, loadChecked, requireMetric, type Workspace, workspaceOf } from './workspace.ts'

interface VerifyOptions {
  readonly engine?: string
  readonly from?: number
  readonly to?: number
  readonly metric?: readonly string[]
  readonly countLate?: boolean
  readonly repair?: boolean
}

export function addVerify(program: Command, childModule: URL): void {
  program
    .command('verify')
    .description('recompute totals from the raw lines and compare them with the report, cell by cell')
    .option('--engine <name>', "the engine to recompute with; default: the definition's own")
    .option('--from <time>', 'first window start to verify', readInstant)
    .option('--to <time>', 'end of the last window to verify', readInstant)
    .option('--metric <name>', 'verify only this metric; may be given several times', collect)
    .option('--count-late', 'count late lines as well, and tell which differences they explain')
    .option('--repair', 'compute windows anew that differ')
    .action((options: VerifyOptions, command: Command) => verify(workspaceOf(command), options, childModule))
}

/**
 * Exit status 1 when a cell differs that late lines do not explain, be it repaired or not, when nothing was compared, a source could
 * not be compared, and when
 * lines of the source are not where they should be, so that equal cells say less than they seem to.
 */
async function verify(workspace: Workspace, options: VerifyOptions, childModule: URL): Promise<void> {
  const definition = await loadChecked(workspace)
  const names = options.metric ?? [...definition.metrics.keys()]
  const range = readRange(
    options,
    names.map((name) => requireMetric(definition, name)),
  )
  const result = await recompute(workspace, definition, range, options)
  const faults = await faultsAt(workspace, definition, names)
  if (!isEqual(result) || faults.length > 0) process.exitCode = 1
  if (workspace.json) await writeJson({ ...result, faults })
  else await writeOut(describe(result, faults))
  tellHeld(result.held)
  if (options.repair) await repair(workspace, result, childModule)
}

/** By what a server that runs here knows; without one all lines were brought into the archive and compared. */
async function faultsAt(
  workspace: Workspace,
  definition: Definition,
  names: readonly string[],
): Promise<Fault[]> {
  const health = await servedHealth(deploymentOf(workspace, definition))
  const sources = new Set(names.map((name) => requireMetric(definition, name).source))
  const all = health ? [...sources].flatMap((source) => faultsOf(health, source)) : []
  return [...new Set(all)]
}

function isEqual({ metrics }: Verification): boolean {
  return metrics.some(({ cells }) => cells > 0) && !metrics.some(({ unexplained }) => unexplained)
}

/** By a batch run of the metrics and windows that differ. */
async function repair(workspace: Workspace, { metrics }: Verification, childModule: URL): Promise<void> {
  const ranges = metrics.flatMap(({ metric, unexplained }) =>
    unexplained ? [[metric, unexplained] as const] : [],
  )
  if (ranges.length === 0) return
  const { runBatchChild } = await import('./batch-process.ts')
  const { config, dataDir } = workspace
  const names = ranges.map(([metric]) => metric)
  const order = {
    type: 'start',
    config: resolve(config),
    dataDir,
    range: {},
    ranges,
    metrics: names,
  } as const
  const { revision } = await interruptible((signal) =>
    runBatchChild(childModule, order, () => undefined, signal),
  )
  say(
    `Revision ${revision} computed the windows anew that differed. Next: ${nextCommand(workspace, 'verify')}`,
  )
}

async function recompute(
  workspace: Workspace,
  definition: Definition,
  range: TimeRange,
  { engine, metric: metrics, countLate }: VerifyOptions,
): Promise<Verification> {
  const deployment = deploymentOf(workspace, definition)
  const { lockData, openLink, openReport } = await import('../engines/registry.ts')
  const { verifyTotals } = await import('../run/verify-totals.ts')
  // One at a time, since each takes much memory; a folder that can only be read is verified all the same.
  const release = await waitForLock(() => lockData(deployment, 'verify')).catch((error: unknown) => {
    if (!isUnwritable(error)) throw error
    return async () => {}
  })
  const link = await openLink(deployment)
  link?.close()
  try {
    return await recomputing(workspace, definition, engine, (roles) =>
      verifyTotals({
        ...{ ...roles, range, countsLate: countLate === true, isAlone: !link },
        plans: buildPlans(definition, sha256, metrics),
        openReport: () => openReport({ ...deployment, signal: roles.signal }, 'read'),
      }),
    )
  } finally {
    await release()
  }
}

function describe({ engine, metrics }: Verification, faults: readonly Fault[]): string {
  const rows = metrics.map(({ metric, version, cells, differing, late }) => [
    metric,
    version,
    ...[cells, differing, late].map(formatCount),
  ])
  const behind = metrics.filter((one) => one.behind > 0).map(describeBehind)
  const header = ['metric', 'version', 'cells', 'different', 'by late lines']
  const table = `${textTable(header, rows)}${behind.join('')}`
  const differing = metrics.reduce((sum, one) => sum + one.differing, 0)
  if (differing === 0 && metrics.every(({ cells }) => cells === 0))
    return `${table}Nothing was compared, so nothing is proved: the range holds no final window with totals.\n${listOf(faults)}`
  if (differing === 0) return `${table}${describeEqual(engine, faults)}`
  const shown = metrics.reduce((sum, { differences }) => sum + differences.length, 0)
  const rest = differing > shown ? ` The first ${formatCount(shown)} are shown.` : ''
  return `${table}${metrics.map(describeDifferences).join('')}Recomputed with ${engine}: ${countOf(differing, 'cell')} ${differing === 1 ? 'differs' : 'differ'}.${rest}\n`
}

function describeEqual(engine: string, faults: readonly Fault[]): string {
  if (faults.length === 0) return `Recomputed with ${engine}: all cells are equal.\n`
  return `Recomputed with ${engine}: the cells that could be compared are equal, but not all is well.\n${listOf(faults)}`
}

function listOf(faults: readonly Fault[]): string {
  return faults.map(({ code, message }) => `  ${code}: ${message}\n`).join('')
}

function describeBehind({ metric, behind }: VerifiedMetric): string {
  return `${countOf(behind, 'line')} ${behind === 1 ? 'is' : 'are'} not in the totals of ${metric} yet, and so not compared: \`millrace serve\` counts them as it goes on, and \`millrace batch\` at once.\n`
}

function describeDifferences({ metric, differences }: VerifiedMetric): string {
  if (differences.length === 0) return ''
  const rows = differences.map(({ windowMs, dimensions, column, reported, recomputed }) => [
    formatInstant(windowMs),
    dimensions.map((value) => value ?? 'null').join(', '),
    column,
    reported ?? 'null',
    recomputed ?? 'null',
  ])
  return `\n${metric}\n${textTable(['window', 'dimensions', 'column', 'reported', 'recomputed'], rows)}`
}
