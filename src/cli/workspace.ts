/** Where a command works: the definition it obeys and the folder it keeps its data in. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { closestName } from '../core/closest-name.ts'
import type { Definition } from '../core/definition.ts'
import { type ErrorCode, MillraceError } from '../core/error.ts'
import type { Cause } from '../core/health-facts.ts'
import type { Deployment } from '../engines/registry.ts'
import { limitAccess } from './data-access.ts'
import { InvalidDefinition } from './exit.ts'
import { say } from './output.ts'

/** The global options; `config` as it was written, for messages. */
export interface Workspace {
  readonly config: string
  readonly dataDir: string
  readonly json: boolean
}

export function workspaceOf(command: Command): Workspace {
  const { config, data, json } = command.optsWithGlobals<{ config: string; data: string; json?: boolean }>()
  return { config, dataDir: resolve(data), json: json === true }
}

/** The checked definition, or InvalidDefinition with all of its problems; what is made from then on is as it says. */
export async function loadChecked({ config, dataDir }: Workspace): Promise<Definition> {
  const { loadDefinition } = await import('../define/load-definition.ts')
  const { definition, diagnostics } = await loadDefinition(config)
  if (!definition) throw new InvalidDefinition(config, diagnostics)
  await limitAccess(dataDir, definition.data.mode)
  return definition
}

/** The adapters that the definition names, or the embedded ones; what they are waited for is said. */
export function deploymentOf(
  { dataDir }: Pick<Workspace, 'dataDir'>,
  { log, stream, archive, batch, report, sources }: Definition,
): Deployment {
  const onNews = (text: string) => say(`millrace: ${text}`)
  const onArchiveWait = (trouble: Cause | undefined) => trouble && onNews(trouble.message)
  return { dataDir, log, stream, archive, batch, report, sources, onNews, onArchiveWait }
}

export function requireSource(definition: Definition, name: string) {
  return required(definition.sources, name, 'CLI_UNKNOWN_SOURCE', { source: name })
}

export function requireMetric(definition: Definition, name: string) {
  return required(definition.metrics, name, 'CLI_UNKNOWN_METRIC', { metric: name })
}

function required<T>(
  known: ReadonlyMap<string, T>,
  name: string,
  code: ErrorCode,
  params: Record<string, string>,
): T {
  const found = known.get(name)
  if (found !== undefined) return found
  const closest = closestName(name, known.keys())
  const names = [...known.keys()].join(', ') || 'none'
  throw new MillraceError(code, {
    ...params,
    hint: closest ? ` Did you mean ${closest}?` : ` It has: ${names}.`,
  })
}
