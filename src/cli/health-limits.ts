/** How long lines may wait before it is told, by the definition. */
import type { Definition } from '../core/definition.ts'
import type { HealthLimits } from '../core/health-facts.ts'
import { MOST_WAIT_MS } from '../run/archive-log.ts'

/** Lines gather for a block first; from then on the archive may take as long as the totals. */
export function healthLimits({ serve }: Pick<Definition, 'serve'>): Required<HealthLimits> {
  const { freshnessMs } = serve
  return { freshnessMs, archiveMs: MOST_WAIT_MS + freshnessMs }
}

/** While no server runs: nothing archives then, which is no fault. */
export function limitsOfFiles(definition: Pick<Definition, 'serve'>): HealthLimits {
  return { freshnessMs: healthLimits(definition).freshnessMs }
}
