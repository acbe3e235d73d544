/**
 * The context of lines: facts that are neither in a line nor in its observed time, decided once, when the line is
 * appended, and kept with it as text (ADR 0014).
 */
import { canonicalJson } from './canonical-json.ts'
import type { TimeRule } from './definition.ts'
import { carriesYear } from './stamp-year.ts'

/** A reader skips facts that it does not know, so that facts can be added without another format. */
export interface ContextFacts {
  /** Of the file that the line came from, as the command was given it. */
  readonly path?: string
  /** When the file was last modified, in ms: what its stamps without a year are near to. */
  readonly referenceMs?: number
  /** Of the line's stamp, which carries none. */
  readonly year?: number
}

/** As the text names them. */
const KEYS = { path: 'path', referenceMs: 'reference_ms', year: 'year' } as const

/** Canonical JSON: sorted keys, no spaces; so that equal facts are equal texts. */
export function printContext(facts: ContextFacts): string {
  const named = Object.entries(KEYS).flatMap(([name, key]) => {
    const value = facts[name as keyof ContextFacts]
    return value === undefined ? [] : [[key, value]]
  })
  return canonicalJson({ format: 1, ...Object.fromEntries(named) })
}

/** Whether lines of a source can only be read with their context and their observed time. */
export function readsContext({ time }: { readonly time: Pick<TimeRule, 'layout'> }): boolean {
  return !carriesYear(time)
}

/** What a log keeps with lines of a source, of which it knows nothing but when they were observed. */
export function logContext(source: Parameters<typeof readsContext>[0]): { readonly context?: string } {
  return readsContext(source) ? { context: printContext({}) } : {}
}

/** RE2 of a context that holds a whole number under the key; its one group is the number. No text in it can look so. */
export function contextNumberRegex(fact: 'referenceMs' | 'year'): string {
  return `\\A[^\\n]*[{,]"${KEYS[fact]}":(-?[0-9]{1,18})[,}][^\\n]*\\z`
}
