/** Says of each source that a command left as it was why that is so; the command has failed for these. */
import type { HeldSource } from '../core/held-source.ts'
import { say } from './output.ts'

export function tellHeld(held: readonly HeldSource[] | undefined): void {
  for (const { source, message } of held ?? [])
    say(`millrace: Source ${source} was left as it is. ${message}`)
  if (held?.length) process.exitCode = 1
}
