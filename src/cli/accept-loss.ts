/** `millrace accept-loss SOURCE`: shows which lines are lost for good, and lets their source go on without them. */
import { hostname, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { MillraceError } from '../core/error.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { Deployment } from '../engines/registry.ts'
import type { Link } from '../link/link.ts'
import type { FoundLoss, FoundRange, LossPlace } from '../run/find-loss.ts'
import { nextCommand } from './next-command.ts'
import { collect } from './options.ts'
import { say, writeJson, writeOut } from './output.ts'
import { settleNames } from './settle-names.ts'
import { countOf, formatCount, textTable } from './text-table.ts'
import { waitForLock } from './wait-for-lock.ts'
import { deploymentOf, loadChecked, requireSource, type Workspace, workspaceOf } from './workspace.ts'

interface LossOptions {
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly deleted?: readonly string[]
}

export function addAcceptLoss(program: Command): void {
  program
    .command('accept-loss')
    .description('show which lines of a source are lost for good, and let the source go on without them')
    .argument('<source>', 'a source of the definition')
    .option('--dry-run', 'only show what is lost')
    .option('--yes', 'accept it without being asked')
    .option('--deleted <path>', 'this folder was deleted, and its drive is not away; repeatable', collect)
    .action((source: string, options: LossOptions, command: Command) =>
      acceptLossOf(workspaceOf(command), source, options),
    )
}

/** What looks and accepts: the server that runs here, or this process. */
interface Hands {
  find(): Promise<FoundLoss>
  accept(shown: readonly FoundRange[], by: string): Promise<FoundLoss>
}

/** Exit status 0 where nothing is lost. */
async function acceptLossOf(workspace: Workspace, source: string, options: LossOptions): Promise<void> {
  const definition = await loadChecked(workspace)
  requireSource(definition, source)
  const deployment = deploymentOf(workspace, definition)
  await settleNames(deployment)
  const { openLink } = await import('../engines/registry.ts')
  const deleted = (options.deleted ?? []).flatMap((path) => [path, resolve(path)])
  const link = await openLink(deployment)
  const act = (hands: Hands) => decide(workspace, hands, options)
  if (link) return act(handsOf(link, source, deleted)).finally(() => link.close())
  await waitForLock(() => withoutServer(deployment, source, deleted, act))
}

function handsOf(link: Link, source: string, deleted: readonly string[]): Hands {
  return {
    find: () => link.call('findLoss', [source, deleted]) as Promise<FoundLoss>,
    accept: (shown, by) => link.call('acceptLoss', [source, deleted, shown, by]) as Promise<FoundLoss>,
  }
}

async function withoutServer(
  deployment: Deployment,
  source: string,
  deleted: readonly string[],
  act: (hands: Hands) => Promise<void>,
): Promise<void> {
  const { openArchive, openLog } = await import('../engines/registry.ts')
  const { findLoss } = await import('../run/find-loss.ts')
  const { acceptLoss } = await import('../run/accept-loss.ts')
  const report = await openExisting(deployment)
  try {
    const archive = await openArchive(deployment)
    const log = await openLog(deployment, archive, { isReader: true })
    const place: LossPlace = { source, log, archive, report, deleted, isAlone: true }
    await act({
      find: () => findLoss(place),
      accept: (shown, by) => acceptLoss({ ...place, shown, by, now: Date.now }),
    }).finally(() => log.close())
  } finally {
    await report?.close()
  }
}

/** There is none before the first batch. One of an older format is brought up to date. */
async function openExisting(deployment: Deployment) {
  const { openReport } = await import('../engines/registry.ts')
  return openReport(deployment, 'read').catch((error: unknown) => {
    const code = error instanceof MillraceError ? error.code : undefined
    if (code === 'REPORT_MISSING') return undefined
    if (code === 'REPORT_OLDER_FORMAT') return openReport(deployment, 'write')
    throw error
  })
}

async function decide(workspace: Workspace, hands: Hands, options: LossOptions): Promise<void> {
  const found = await hands.find()
  const { source, lines, ranges, blocks } = found
  const isDone = lines + blocks.length > 0 && options.dryRun !== true
  if (!workspace.json) await writeOut(describe(found))
  if (isDone) {
    if (lines > 0 && options.yes !== true && !(await isConfirmed(found)))
      throw new MillraceError('LOSS_NEEDS_YES', { source, lines })
    await hands.accept(ranges, `${userInfo().username}@${hostname()}`)
  }
  if (workspace.json) return writeJson({ ...found, accepted: isDone })
  if (!isDone) return
  if (lines > 0)
    await writeOut(`${source}: the loss is accepted and kept in its archive. The source goes on after it.\n`)
  say(`Next: ${nextCommand(workspace, 'ledger')}`)
}

/** Only a person at a terminal can be asked. */
async function isConfirmed({ lines }: FoundLoss): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal
    .question(`Accept that ${countOf(lines, 'line')} are lost for good? Type yes: `)
    .finally(() => terminal.close())
  return answer.trim() === 'yes'
}

function describe({ source, lines, ranges, blocks, counted }: FoundLoss): string {
  const restored = blocks.filter(({ held }) => held.length > 0).map(({ block }) => block.name)
  const again = restored.length
    ? `${source}: of ${countOf(restored.length, 'block')} no copy is whole, but the log still holds lines of it, which are archived again: ${restored.join(', ')}.\n`
    : ''
  if (lines === 0 && again) return again
  if (lines === 0) return `${source}: no line is lost. Archive and log answer, and hold all of them.\n`
  const rows = ranges.map(({ fromOffset, endOffset, lineBeforeMs, lineAfterMs }) => [
    `${fromOffset}..${endOffset}`,
    formatCount(endOffset - fromOffset),
    ...[lineBeforeMs, lineAfterMs].map((ms) => (ms === undefined ? '-' : formatInstant(ms))),
  ])
  const table = textTable(['offsets', 'lines', 'line before observed', 'line after observed'], rows)
  const held = counted.map(
    (one) =>
      `${one.metric}: its totals hold ${countOf(one.lines, 'line')} of these, counted while they were there. The totals stay as they are, and windows are not counted again but by \`millrace batch --replace\`, which drops them.\n`,
  )
  return `${again}${source}: ${countOf(lines, 'line')} are neither in the archive nor in the log, which both answer.\n${table}${held.join('')}`
}
