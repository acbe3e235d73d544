/** The command that a message tells to run next, as a shell takes it. */
import { resolve } from 'node:path'
import { shellWord } from '../core/shell-word.ts'
import type { Workspace } from './workspace.ts'

/** With the definition and the data folder that the command before it had. */
export function nextCommand(
  { config, dataDir }: Pick<Workspace, 'config' | 'dataDir'>,
  ...args: readonly string[]
): string {
  const options = [
    ...(config === './millrace.yaml' ? [] : ['--config', config]),
    ...(dataDir === resolve('.millrace') ? [] : ['--data', dataDir]),
  ]
  return ['millrace', ...options, ...args].map(shellWord).join(' ')
}
