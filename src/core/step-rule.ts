/** Where base windows go when totals are merged to a coarser step. */

export type StepRule =
  /** Fixed steps from the epoch: start − start mod step, rounded toward the past. */
  | { readonly kind: 'fixed'; readonly stepMs: number }
  /** `boundaries` ascending; a window belongs to the last boundary ≤ its start. Covers the whole range. */
  | { readonly kind: 'boundaries'; readonly boundaries: readonly number[] }

/** Where the step begins that holds an instant; for boundaries one of those that they cover. */
export function stepStart(rule: StepRule, ms: number): number {
  if (rule.kind === 'fixed') return Math.floor(ms / rule.stepMs) * rule.stepMs
  return rule.boundaries.findLast((boundary) => boundary <= ms) ?? ms
}
