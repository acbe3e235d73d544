/** `millrace repair-clock SOURCE`: gives lines that a wrong clock stamped other times, and counts the source again. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { heldError } from '../core/held-source.ts'
import { CLOCK_LIMIT_MS } from '../core/observed-clock.ts'
import type { RunRecord } from '../core/run-record.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { Deployment } from '../engines/registry.ts'
import type { Archive } from '../ports/archive.ts'
import type { ClockChoice, ClockPlan, RepairedRange } from '../run/plan-clock-repair.ts'
import { showProgress } from './batch-progress.ts'
import { interruptible } from './interrupt.ts'
import { nextCommand } from './next-command.ts'
import { readInstant, readOffset } from './options.ts'
import { say, writeJson, writeOut } from './output.ts'
import { Progress } from './progress.ts'
import { settleNames } from './settle-names.ts'
import { countOf, formatCount } from './text-table.ts'
import { deploymentOf, loadChecked, requireSource, type Workspace, workspaceOf } from './workspace.ts'

interface RepairOptions {
  readonly observed?: number
  readonly fromOffset?: number
  readonly toOffset?: number
  readonly behind?: boolean
  readonly confirm?: boolean
  readonly dryRun?: boolean
}

export function addRepairClock(program: Command, childModule: URL): void {
  program
    .command('repair-clock')
    .description('give lines that were stamped by a wrong clock other times, and count their source again')
    .argument('<source>', 'a source of the definition')
    .option('--dry-run', 'only say what it would change')
    .option('--observed <time>', 'when the last of the lines was observed', readInstant)
    .option('--behind', 'the lines that were stamped before the clock was set ahead by more than a year')
    .option('--from-offset <offset>', 'these lines: the first', readOffset)
    .option('--to-offset <offset>', 'these lines: after the last', readOffset)
    .option('--confirm', 'change no line: the clock of this machine is right, and the source has rested')
    .action((source: string, options: RepairOptions, command: Command) =>
      repairClock(workspaceOf(command), source, options, childModule),
    )
}

async function repairClock(
  workspace: Workspace,
  source: string,
  options: RepairOptions,
  childModule: URL,
): Promise<void> {
  requireLines(source, options)
  const definition = await loadChecked(workspace)
  const { from } = requireSource(definition, source)
  const deployment = deploymentOf(workspace, definition)
  const registry = await import('../engines/registry.ts')
  const { besideLog } = await import('../engines/beside-log.ts')
  const { catchUp } = await import('./catch-up.ts')
  const link = await registry.openLink(deployment)
  link?.close()
  if (link) throw new MillraceError('SERVE_RUNS_ALREADY', { path: workspace.dataDir })
  const archive = await registry.openArchive(deployment)
  await settleNames(deployment)
  const behind = (await catchUp(deployment, archive)).find((held) => held.source === source)
  if (behind) throw heldError(behind)
  if (options.confirm) return confirm(workspace, deployment, archive, source)
  const { planClockRepair } = await import('../run/plan-clock-repair.ts')
  const plan = () =>
    planClockRepair({
      ...{ source, archive, choice: choiceOf(options), now: Date.now },
      readStamps: registry.readStamps,
    })
  const isChosen = options.behind === true || (options.fromOffset ?? options.toOffset) !== undefined
  if (options.dryRun) return tell(workspace, source, { plan: await plan(), isChosen, isDry: true })
  if (from) await distrustStamps(deployment, archive, source)
  const told = await besideLog(deployment, archive, source, async () => {
    const made = await plan()
    // Again where nothing was found: a repair may have been interrupted before its source was counted.
    const wasRepaired = (await archive.manifest(source))?.clockRepairedTo !== undefined
    const isDue = made.ranges.length > 0 || wasRepaired || (await isReportAhead(deployment, source))
    if (!isDue) return { plan: made }
    await archive.setClock(source, made.facts)
    const record = await countAgain(workspace, definition, source, childModule)
    return { plan: made, ...(record && { record }) }
  })
  await tell(workspace, source, { ...told, isChosen })
}

/** Errors: CLOCK_EMPTY_RANGE. */
function requireLines(source: string, { fromOffset: from = 0, toOffset: to }: RepairOptions): void {
  if (to !== undefined && from >= to) throw new MillraceError('CLOCK_EMPTY_RANGE', { source, from, to })
}

function choiceOf({ behind, fromOffset, toOffset, observed }: RepairOptions): ClockChoice {
  return {
    ...(behind && { isBehind: true }),
    ...(fromOffset !== undefined && { fromOffset }),
    ...(toOffset !== undefined && { endOffset: toOffset }),
    ...(observed !== undefined && { observedMs: observed }),
  }
}

async function confirm(
  workspace: Workspace,
  deployment: Deployment,
  archive: Archive,
  source: string,
): Promise<void> {
  const { besideLog } = await import('../engines/beside-log.ts')
  if (!(await archive.manifest(source))) throw new MillraceError('CLOCK_NO_LINES', { source })
  const clockConfirmedMs = Date.now()
  await besideLog(deployment, archive, source, () => archive.setClock(source, { clockConfirmedMs }))
  const confirmed = formatInstant(clockConfirmedMs)
  if (workspace.json) return writeJson({ source, confirmed })
  await writeOut(
    `${source}: the clock is right at ${confirmed}, and lines are stamped by it. No line was changed.\n`,
  )
}

/** Of records that nobody has read yet, since the first of them is stamped ahead of this machine's clock. */
async function distrustStamps(deployment: Deployment, archive: Archive, source: string): Promise<void> {
  const { openLog } = await import('../engines/registry.ts')
  const log = await openLog(deployment, archive, { isReader: true })
  await log.distrustStamps?.(source).finally(() => log.close())
  say(
    `Lines that wait in the topic of ${source} with stamps ahead of the present are observed when they are read.`,
  )
}

/** A server may have told it a time in the future without a line that bears it. */
async function isReportAhead(deployment: Deployment, source: string): Promise<boolean> {
  const { openReport } = await import('../engines/registry.ts')
  const report = await openReport(deployment, 'read').catch((error: unknown) => {
    const code = error instanceof MillraceError ? error.code : undefined
    if (code === 'REPORT_MISSING') return undefined
    if (code === 'REPORT_OLDER_FORMAT') return openReport(deployment, 'write')
    throw error
  })
  if (!report) return false
  const state = await report.streamState(source).finally(() => report.close())
  return state !== undefined && state.clockMs - Date.now() > CLOCK_LIMIT_MS
}

/** In the report's one transaction its stream is forgotten, and begins again where the archive ends. */
async function countAgain(
  workspace: Workspace,
  definition: Definition,
  source: string,
  childModule: URL,
): Promise<RunRecord | undefined> {
  const metrics = [...definition.metrics.values()].filter((metric) => metric.source === source)
  if (metrics.length === 0) return undefined
  const { runBatchChild } = await import('./batch-process.ts')
  const { config, dataDir } = workspace
  const names = metrics.map(({ name }) => name)
  const what = { range: {}, metrics: names, restarts: [source] }
  const progress = await Progress.open()
  return interruptible((signal) =>
    runBatchChild(
      childModule,
      { type: 'start', config: resolve(config), dataDir, ...what },
      (news) => showProgress(progress, news),
      signal,
    ),
  ).finally(() => progress.end())
}

const NOT_AHEAD = ', since none is stamped ahead of the present; see --behind for a clock that was behind'

interface Told {
  readonly plan: ClockPlan
  /** Lines were asked for, be they ahead of the present or not. */
  readonly isChosen: boolean
  readonly record?: RunRecord
  readonly isDry?: boolean
}

async function tell(
  workspace: Workspace,
  source: string,
  { plan, isChosen, record, isDry }: Told,
): Promise<void> {
  const { ranges } = plan
  const revision = record && { revision: record.revision }
  if (workspace.json) return writeJson({ source, ranges, dryRun: isDry === true, ...revision })
  const lines = ranges.map((range) => `${describe(source, range)}\n`)
  if (ranges.length === 0) lines.push(`${source}: no such line was found${isChosen ? '' : NOT_AHEAD}.\n`)
  if (record)
    lines.push(
      `Revision ${record.revision}: its totals were counted again, and its stream begins again after them.\n`,
    )
  if (isDry) lines.push('Nothing was changed.\n')
  await writeOut(lines.join(''))
  if (isDry && ranges.length > 0) say(`Next: ${nextCommand(workspace, 'repair-clock', source)}`)
  else if (record) say(`Next: ${nextCommand(workspace, 'verify')}`)
}

function describe(source: string, range: RepairedRange): string {
  const { fromOffset, endOffset, firstMs, lastMs, newFirstMs, newLastMs } = range
  const lines = `${countOf(endOffset - fromOffset, 'line')} from offset ${formatCount(fromOffset)}`
  return `${source}: ${lines}, stamped ${span(firstMs, lastMs)}; observed ${span(newFirstMs, newLastMs)} instead.`
}

function span(firstMs: number, lastMs: number): string {
  return firstMs === lastMs ? formatInstant(firstMs) : `${formatInstant(firstMs)} to ${formatInstant(lastMs)}`
}
