/** `millrace check`: reads the definition and tells every problem in it. */
import type { Command } from 'commander'
import { exitStatusOf, InvalidDefinition } from './exit.ts'
import { say, writeJson } from './output.ts'
import { countOf } from './text-table.ts'
import { loadChecked, type Workspace, workspaceOf } from './workspace.ts'

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('check the definition and tell all of its problems')
    .action((_options: unknown, command: Command) => check(workspaceOf(command)))
}

async function check(workspace: Workspace): Promise<void> {
  if (workspace.json) return checkJson(workspace)
  const definition = await loadChecked(workspace)
  const { sources, metrics } = definition
  say(`${workspace.config} is valid: ${countOf(sources.size, 'source')}, ${countOf(metrics.size, 'metric')}.`)
}

/** With --json the problems are the result, so they go to stdout. */
async function checkJson(workspace: Workspace): Promise<void> {
  try {
    const { sources, metrics } = await loadChecked(workspace)
    await writeJson({
      valid: true,
      sources: [...sources.keys()],
      metrics: [...metrics.keys()],
      diagnostics: [],
    })
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error
    await writeJson({ valid: false, sources: [], metrics: [], diagnostics: error.diagnostics })
    process.exitCode = exitStatusOf(error)
  }
}
