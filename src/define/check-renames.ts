/** Former names of sources: each is one source's alone, and none is in a circle. */
import type { Source } from '../core/definition.ts'
import type { DiagnosticList } from './diagnostic.ts'

export function checkRenames(sources: ReadonlyMap<string, Source>, problems: DiagnosticList): void {
  const refuse = (source: string, was: string, why: string) =>
    problems.add('DEFINE_BAD_RENAME', ['sources', source, 'was'], { source, was, why })
  const claimed = new Map<string, string>()
  for (const { name, was } of sources.values()) {
    if (was === undefined) continue
    const other = claimed.get(was.toLowerCase())
    if (was.toLowerCase() === name.toLowerCase())
      refuse(name, was, 'that is its own name (capitals do not tell names apart)')
    else if (other !== undefined) refuse(name, was, `so was ${other}`)
    else if (isCircle(name, sources))
      refuse(
        name,
        was,
        'names are swapped. Give one of them a third name, run `millrace batch` or start `millrace serve`, and then take one further step at a time',
      )
    claimed.set(was.toLowerCase(), name)
  }
}

function isCircle(start: string, sources: ReadonlyMap<string, Source>): boolean {
  let next = sources.get(start)?.was
  for (let steps = 0; next !== undefined && steps < sources.size; steps++) {
    if (next === start) return true
    next = sources.get(next)?.was
  }
  return false
}
