/** `millrace check`: reads the definition, tells every problem in it, and what it would change in the report. */
import type { Command } from 'commander'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import {
  changesOf,
  type DefinitionChanges,
  describeChange,
  describeLeftOut,
  describeRename,
  NO_CHANGES,
} from './definition-changes.ts'
import { exitStatusOf, InvalidDefinition } from './exit.ts'
import { say, writeJson } from './output.ts'
import { sha256 } from './sha256.ts'
import { countOf } from './text-table.ts'
import { loadChecked, type Workspace, workspaceOf } from './workspace.ts'

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('check the definition: all of its problems, and what it changes')
    .action((_options: unknown, command: Command) => check(workspaceOf(command)))
}

async function check(workspace: Workspace): Promise<void> {
  if (workspace.json) return checkJson(workspace)
  const definition = await loadChecked(workspace)
  const { sources, metrics } = definition
  say(`${workspace.config} is valid: ${countOf(sources.size, 'source')}, ${countOf(metrics.size, 'metric')}.`)
  const { changes, renames, leftOut, changesUnknown } = await compareWithReport(workspace, definition)
  for (const rename of renames) say(describeRename(rename))
  for (const change of changes) say(describeChange(change))
  for (const left of describeLeftOut(leftOut)) say(left)
  if (changesUnknown) say(`What it would change is not known: ${changesUnknown}`)
  if (definition.stream.adapter) await sayUntallied(definition)
}

/** Sources that no job can tally. */
async function sayUntallied(definition: Definition): Promise<void> {
  const { buildPlans } = await import('../compile/build-plan.ts')
  const { explainStream } = await import('../engines/stream-registry.ts')
  for (const plan of buildPlans(definition, sha256))
    await explainStream(plan, new Map()).catch((error: unknown) => {
      if (!(error instanceof MillraceError)) throw error
      say(error.message)
    })
}

/** With --json the problems are the result, so they go to stdout. */
async function checkJson(workspace: Workspace): Promise<void> {
  try {
    const definition = await loadChecked(workspace)
    const { sources, metrics } = definition
    await writeJson({
      valid: true,
      sources: [...sources.keys()],
      metrics: [...metrics.keys()],
      diagnostics: [],
      ...(await compareWithReport(workspace, definition)),
    })
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error
    await writeJson({ valid: false, sources: [], metrics: [], diagnostics: error.diagnostics, ...NO_CHANGES })
    process.exitCode = exitStatusOf(error)
  }
}

/** A definition is as valid where its report cannot be asked, as in a build. */
async function compareWithReport(
  workspace: Workspace,
  definition: Definition,
): Promise<DefinitionChanges & { readonly changesUnknown?: string }> {
  try {
    return await changesOf(workspace, definition)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { ...NO_CHANGES, changesUnknown: error.message }
  }
}
