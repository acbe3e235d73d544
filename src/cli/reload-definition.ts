/** What a running server takes from its definition when that is read again, and what it cannot. */
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { ServeSettings } from '../server/serve-settings.ts'
import { readServeSettings } from './read-serve-settings.ts'
import { loadChecked, type Workspace } from './workspace.ts'

export interface Served {
  readonly definition: Definition
  readonly settings: ServeSettings
}

/** Errors: InvalidDefinition, SERVE_CANNOT_RELOAD, SERVE_OPEN_DOOR, SERVE_UNREADABLE_TLS. */
export async function reloadDefinition(workspace: Workspace, now: Served): Promise<Served> {
  const definition = await loadChecked(workspace)
  const settings = await readServeSettings(definition)
  const before = fixedParts(now)
  const after = fixedParts({ definition, settings })
  const changed = Object.keys(before).filter((name) => before[name] !== after[name])
  for (const [name, { was }] of definition.sources)
    if (was !== undefined && now.definition.sources.get(name)?.was !== was)
      changed.push(`the name of source ${was}`)
  if (changed.length > 0)
    throw new MillraceError('SERVE_CANNOT_RELOAD', { file: workspace.config, what: changed.join(', ') })
  return { definition, settings }
}

/** By name, what is opened once: sockets, and the places of lines and totals. */
function fixedParts({ definition, settings }: Served): Record<string, string> {
  const { log, stream, archive, report, sources } = definition
  const topics = [...sources.values()].flatMap(({ name, from }) => (from ? [[name, from]] : []))
  const parts = {
    ...{ log, stream, archive, report },
    'serve.listen': [settings.host, settings.port],
    'serve.tls (to begin or to end it)': settings.tls !== undefined,
    // The log reads them.
    'sources with `from`': topics,
  }
  return Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, JSON.stringify(value) ?? '']))
}
