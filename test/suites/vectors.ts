/** Finds the vector suites of other projects, and prints what came of them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of a suite; undefined, loudly, where it is absent. */
export function suiteFolder(name: string): string | undefined {
  const folder = join(import.meta.dirname, '../../../shared/data/suites', name)
  if (existsSync(folder)) return folder
  console.warn(`SKIPPED: the vectors of ${name} are not at ${folder}`)
  return undefined
}

export interface Outcome {
  readonly vector: string
  /** Why the vector was not met; undefined when it was. */
  readonly reason?: string | undefined
}

export function reportOutcomes(
  suite: string,
  outcomes: readonly Outcome[],
): { passed: number; other: string[] } {
  const other = outcomes.flatMap(({ vector, reason }) =>
    reason === undefined ? [] : [`${vector}: ${reason}`],
  )
  const passed = outcomes.length - other.length
  console.info([`${suite}: ${passed} of ${outcomes.length} passed`, ...other].join('\n  '))
  return { passed, other }
}
