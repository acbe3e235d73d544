/** `millrace ingest SOURCE FILE…`: keeps all lines of the files, or none. */
import { type Command, Option } from 'commander'
import type { Source } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { carriesYear } from '../core/stamp-year.ts'
import { checkContent } from '../ingest/check-content.ts'
import { checkHeader } from '../ingest/check-header.ts'
import type { IngestResult, Repeats } from '../ports/archive.ts'
import type { IngestFilesOptions } from '../run/ingest-files.ts'
import { interruptible } from './interrupt.ts'
import { nextCommand } from './next-command.ts'
import { readYear } from './options.ts'
import { say, writeJson } from './output.ts'
import { Progress } from './progress.ts'
import { settleNames } from './settle-names.ts'
import { countOf, formatBytes, formatCount, formatSeconds } from './text-table.ts'
import { isServed, waitForLock } from './wait-for-lock.ts'
import { deploymentOf, loadChecked, requireSource, type Workspace, workspaceOf } from './workspace.ts'

export function addIngest(program: Command): void {
  program
    .command('ingest')
    .description('keep all lines of log files, plain or gzip, in the archive of a source')
    .argument('<source>', 'a source of the definition')
    .argument('<file...>', 'files, or - for standard input')
    .option('--year <year>', 'the year of the first stamp of each file, where stamps carry none', readYear)
    .option(
      '--continue',
      'of files that begin with lines ingested before take what comes after, however few they are',
    )
    .addOption(
      new Option('--again', 'take all lines, whether they were ingested before or not').conflicts('continue'),
    )
    .action((source: string, files: string[], options: IngestChoice, command: Command) =>
      ingest(workspaceOf(command), source, files, options),
    )
}

interface IngestChoice {
  readonly year?: number
  readonly continue?: boolean
  readonly again?: boolean
}

function repeatsOf({ again, continue: goesOn }: IngestChoice): Repeats {
  return again ? 'again' : goesOn ? 'continue' : 'refuse'
}

async function ingest(
  workspace: Workspace,
  name: string,
  files: readonly string[],
  choice: IngestChoice,
): Promise<void> {
  const definition = await loadChecked(workspace)
  const source = requireSource(definition, name)
  const { year } = choice
  if (year !== undefined && carriesYear(source.time))
    throw new MillraceError('INGEST_YEAR_UNUSED', { source: name })
  const { archivePlace, ingestYears, openArchive } = await import('../engines/registry.ts')
  const { besideLog } = await import('../engines/beside-log.ts')
  const { ingestFiles } = await import('../run/ingest-files.ts')
  const deployment = deploymentOf(workspace, definition)
  await settleNames(deployment)
  const archive = await openArchive(deployment)
  const years = await ingestYears(source, year)
  const progress = await Progress.open()
  const started = Date.now()
  const result = await interruptible((signal) => {
    if (files.includes('-')) stopReadingInput(signal)
    const options = { ...watch(source, progress), ...years, repeats: repeatsOf(choice), signal }
    const ingestAll = () => ingestFiles(archive, name, files, options)
    const isVain = async () => isServed(deployment)
    return waitForLock(() => besideLog(deployment, archive, name, ingestAll), { isVain, signal })
  }).finally(() => progress.end())
  await tell(workspace, result, { tookMs: Date.now() - started, place: archivePlace(deployment) })
  // Only a result that was told may be forgotten: until then the same files are taken for a retry.
  await archive.acknowledge(name)
}

/** A pipe that nobody writes to would keep the command waiting; an error, unlike an end, commits nothing. */
function stopReadingInput(signal: AbortSignal): void {
  process.stdin.on('error', () => undefined)
  signal.addEventListener('abort', () => process.stdin.destroy(new Error('interrupted')), { once: true })
}

function watch(source: Source, progress: Progress): IngestFilesOptions {
  return {
    checkHead: (head, input) => checkContent(head, source, input),
    checkFirstLine: (line, input) =>
      checkHeader(source.format, line.toString('utf8'), { source: source.name, input }),
    onProgress: ({ bytesRead, totalBytes }) =>
      progress.update({
        label: `ingest ${source.name}`,
        done: bytesRead,
        ...(totalBytes !== undefined && { total: totalBytes }),
        format: formatBytes,
        unit: '',
      }),
  }
}

async function tell(
  workspace: Workspace,
  result: IngestResult,
  { tookMs, place }: { tookMs: number; place: string },
): Promise<void> {
  const { repeated, ...added } = result
  const { source, lines, bytes, blocks, known = [], left = [] } = added
  for (const part of known)
    say(`${part.input}: skipped its first ${countOf(part.lines, 'line')}, which were ingested before.`)
  for (const part of left)
    say(
      `${part.input}: left its last line (${formatBytes(part.bytes)}), which has no end yet. Ingest the file again when it has one, or when the file has rested for a minute.`,
    )
  if (workspace.json) return writeJson({ ...added, ...(repeated && { repeated }) })
  if (lines === 0) return say('There were no lines to keep; nothing was added.')
  if (repeated)
    return say(
      `${countOf(lines, 'line')} had already been kept by an interrupted ingest of the same files; nothing was added.`,
    )
  const rate = `${formatSeconds(tookMs)}, ${formatBytes((bytes / Math.max(tookMs, 1)) * 1000)}/s`
  const kept = `${countOf(lines, 'line')} (${formatBytes(bytes)}) in ${formatCount(blocks)} new ${blocks === 1 ? 'block' : 'blocks'}`
  say(`${source}: kept ${kept}, ${rate}, in ${place}.`)
  say(`Next: ${nextCommand(workspace, 'batch')}`)
}
