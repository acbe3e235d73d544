/** Plain data → checked Definition: shape first, then the meaning of every part that has the right shape. */
import type { Definition } from '../core/definition.ts'
import { ADAPTER_KEYS } from './adapter-schema.ts'
import { checkAdapters } from './check-adapters.ts'
import { checkMetric } from './check-metric.ts'
import { checkRenames } from './check-renames.ts'
import { checkServe } from './check-serve.ts'
import { checkShape } from './check-shape.ts'
import { checkSource } from './check-source.ts'
import type { DiagnosticList } from './diagnostic.ts'

/** The definition, or undefined when any problem was reported. Takes what is wrong out of `tree` itself. */
export function checkDefinition(
  tree: unknown,
  file: string,
  problems: DiagnosticList,
): Definition | undefined {
  const text = checkShape(tree, problems)
  if (!text) return undefined
  const sourceTexts = Object.entries(text.sources ?? {})
  const metricTexts = Object.entries(text.metrics ?? {})
  if (problems.isEmpty && sourceTexts.length === 0)
    problems.add('DEFINE_MISSING_KEY', ['sources'], { parent: 'sources', key: 'source' })
  refuseTwins('source', sourceTexts, problems)
  refuseTwins('metric', metricTexts, problems)
  const sources = new Map(
    sourceTexts.map(([name, source]) => [name, checkSource(name, source ?? {}, ['sources', name], problems)]),
  )
  checkRenames(new Map([...sources].map(([name, checked]) => [name, checked.source])), problems)
  const metrics = new Map(
    metricTexts.map(([name, metric]) => [
      name,
      checkMetric(name, metric ?? {}, sources, ['metrics', name], problems),
    ]),
  )
  const roles = checkAdapters(text, file, problems)
  for (const [name, source] of sourceTexts)
    if (source?.from && !roles.log.adapter)
      problems.add(
        'DEFINE_OPTION_WITHOUT_ADAPTER',
        ['sources', name, 'from'],
        { key: 'from', adapter: ADAPTER_KEYS.log },
        { target: 'key' },
      )
  for (const [name, source] of sourceTexts)
    if (source?.from?.observed === 'read' && roles.stream.adapter)
      problems.add('DEFINE_STREAM_OBSERVED_READ', ['sources', name, 'from', 'observed'], {
        adapter: ADAPTER_KEYS.stream,
      })
  const serve = checkServe(text, sources, file, problems)
  if (!problems.isEmpty) return undefined
  return {
    file,
    sources: new Map([...sources].map(([name, checked]) => [name, checked.source])),
    metrics,
    data: { ...(text.data?.mode !== undefined && { mode: Number.parseInt(text.data.mode, 8) }) },
    ...roles,
    serve,
  }
}

/** Names become folders and views, which many systems tell apart without capitals. */
function refuseTwins(
  kind: 'source' | 'metric',
  entries: readonly (readonly [string, unknown])[],
  problems: DiagnosticList,
): void {
  const taken = new Set<string>()
  for (const [name] of entries) {
    if (taken.has(name.toLowerCase()))
      problems.add('DEFINE_DUPLICATE_NAME', [`${kind}s`, name], { name, kind }, { target: 'key' })
    taken.add(name.toLowerCase())
  }
}
