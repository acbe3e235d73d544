/** What an aggregate is: the exact tally it needs. Merging follows from each column's function alone. */
import type { AggregateCall } from '../definition.ts'
import type { Expr } from '../expr.ts'
import type { TallyColumn } from '../plan.ts'

/** The columns an aggregate needs, in the base tally, or in a keyed tally of its own when `key` is given. */
export interface TallyNeed {
  readonly key?: Expr
  readonly columns: readonly Omit<TallyColumn, 'column'>[]
}

export interface Aggregate {
  readonly name: AggregateCall['aggregate']
  /** Throws when the call lacks an argument that the checker guarantees. */
  need(call: AggregateCall): TallyNeed
}

/** The argument of an aggregate that cannot do without one. */
export function argumentOf(call: AggregateCall): Expr {
  if (!call.argument) throw new Error(`${call.aggregate} has no argument`)
  return call.argument
}
