/** A random world without the metrics that the definition check refuses. */
import { checkText } from '../../src/define/load-definition.ts'
import { randomWorld, type World, worldText } from './random-world.ts'

/** What a definition may be refused for: the generator does not prove that results fit 38 digits. */
const MAY_REFUSE = new Set(['EXPRESSION_TOO_WIDE', 'EXPRESSION_ALWAYS_NULL'])

export function acceptedWorld(seed: number, metricCount: number): { world: World; refused: number } {
  const world = randomWorld(seed, metricCount)
  const metrics = world.metrics.filter((metric) => {
    const { diagnostics } = checkText(worldText({ source: world.source, metrics: [metric] }), 'millrace.yaml')
    const bad = diagnostics.filter(({ code }) => !MAY_REFUSE.has(code))
    if (bad.length > 0) throw new Error(`MILLRACE_SEED=${seed}: refused ${JSON.stringify(bad)}`)
    return diagnostics.length === 0
  })
  return { world: { ...world, metrics }, refused: world.metrics.length - metrics.length }
}
