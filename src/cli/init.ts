/** `millrace init FILE…`: looks at log files and writes a definition that reads them. */
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { MillraceError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'
import { nextCommand } from './next-command.ts'
import { say, writeJson } from './output.ts'
import { loadChecked, type Workspace, workspaceOf } from './workspace.ts'

interface InitOptions {
  readonly out?: string
  readonly force?: boolean
}

export function addInit(program: Command): void {
  program
    .command('init')
    .description('look at log files and write a definition for them')
    .argument('<file...>', 'log files, plain or gzip')
    .option('--out <file>', 'what to write; the file of --config if not given')
    .option('--force', 'replace the file if it exists')
    .action((files: string[], options: InitOptions, command: Command) =>
      init(workspaceOf(command), files, options),
    )
}

async function init(workspace: Workspace, files: readonly string[], options: InitOptions): Promise<void> {
  const out = options.out ?? workspace.config
  const { findOutPlace } = await import('../run/out-place.ts')
  await findOutPlace(out, { folders: [workspace.dataDir] })
  const { sniffFiles } = await import('../define/sniff/sniff-files.ts')
  const { readHead } = await import('./read-head.ts')
  const { text, guesses, undecided } = sniffFiles(await Promise.all(files.map(readHead)))
  await write(out, text, options.force === true)
  if (undecided.length > 0) {
    const whys = undecided.map(({ source, why }) => `${source}: ${why}`).join('; ')
    throw new MillraceError('SNIFF_TIME_UNDECIDED', { file: out, whys })
  }
  const definition = await loadChecked({ ...workspace, config: out })
  const [sources, metrics] = [[...definition.sources.keys()], [...definition.metrics.keys()]]
  if (workspace.json) return writeJson({ file: out, sources, metrics, guesses })
  say(`Wrote ${out} with ${sources.join(', ')}. Read it through: names and metrics are only a start.`)
  if (guesses.length > 0) say('Guesses that the lines do not prove, each on its line of the file:')
  for (const { source, text } of guesses) say(`  ${source}: ${text}`)
  say(`Next: ${nextCommand({ ...workspace, config: out }, 'ingest', sources[0]!, files[0]!)}`)
}

/** The system itself refuses to replace a file, so no other program can come in between. */
async function write(file: string, text: string, isForced: boolean): Promise<void> {
  await writeFile(file, text, { flag: isForced ? 'w' : 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new MillraceError('CLI_FILE_EXISTS', { file })
    throw new MillraceError('CLI_UNWRITABLE', { file, why: systemReason(error) }, { cause: error })
  })
}
