/** Names in a query → parts of the plan; what is not known is refused with the nearest name. */
import { closestName } from '../core/closest-name.ts'
import { MillraceError } from '../core/error.ts'
import { neededMeasures, type Selection } from '../core/finish-totals.ts'
import type { MetricPlan } from '../core/plan.ts'
import { DEFAULT_RANKS, parseRank, type QuantileRank } from '../core/quantile-rank.ts'

export interface SelectionRequest {
  /** All dimensions, measures and ratios, and the ranks 0.5, 0.95, 0.99, when absent. */
  readonly by?: readonly string[]
  readonly measures?: readonly string[]
  readonly quantiles?: readonly string[]
}

/**
 * Dimensions come in the order asked for, measures in that of the definition. Errors: QUERY_UNKNOWN_DIMENSION,
 * QUERY_UNKNOWN_MEASURE, QUERY_DUPLICATE_NAME, QUERY_BAD_QUANTILE.
 */
export function selectTotals(plan: MetricPlan, request: SelectionRequest): Selection {
  const dimensions = new Map(plan.dimensions.map((dimension) => [dimension.name, dimension]))
  const names = [...plan.measures.map(({ measure }) => measure.name), ...plan.ratios.map(({ name }) => name)]
  const by = checkNames(
    request.by ?? [...dimensions.keys()],
    [...dimensions.keys()],
    'QUERY_UNKNOWN_DIMENSION',
    plan,
  )
  const shown = new Set(checkNames(request.measures ?? names, names, 'QUERY_UNKNOWN_MEASURE', plan))
  const needed = neededMeasures(plan, shown)
  return {
    by: by.map((name) => dimensions.get(name)!),
    sources: plan.measures.filter(({ measure }) => needed.has(measure.name)),
    ranks: parseRanks(request.quantiles ?? DEFAULT_RANKS),
    shown,
  }
}

function checkNames(
  names: readonly string[],
  known: readonly string[],
  code: 'QUERY_UNKNOWN_DIMENSION' | 'QUERY_UNKNOWN_MEASURE',
  { metric }: MetricPlan,
): readonly string[] {
  const seen = new Set<string>()
  for (const name of names) {
    if (!known.includes(name))
      throw new MillraceError(code, {
        metric,
        name,
        known: known.join(', ') || 'none',
        hint: didYouMean(name, known),
      })
    if (seen.has(name)) throw new MillraceError('QUERY_DUPLICATE_NAME', { name })
    seen.add(name)
  }
  return names
}

export function didYouMean(name: string, known: Iterable<string>): string {
  const near = closestName(name, known)
  return near === undefined ? '' : ` Did you mean ${near}?`
}

/** Each rank once, in the order asked for. */
function parseRanks(texts: readonly string[]): QuantileRank[] {
  const ranks = new Map<string, QuantileRank>()
  for (const text of texts) {
    const rank = parseRank(text)
    if (!rank) throw new MillraceError('QUERY_BAD_QUANTILE', { text })
    ranks.set(rank.suffix, rank)
  }
  return [...ranks.values()]
}
