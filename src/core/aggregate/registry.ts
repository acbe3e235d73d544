/** Every aggregate of the language, by name. */
import type { AggregateCall } from '../definition.ts'
import type { Aggregate } from './aggregate.ts'
import { count } from './count.ts'
import { distinct } from './distinct.ts'
import { max } from './max.ts'
import { mean } from './mean.ts'
import { min } from './min.ts'
import { quantiles } from './quantiles.ts'
import { sum } from './sum.ts'

export const AGGREGATES: Readonly<Record<AggregateCall['aggregate'], Aggregate>> = {
  count,
  sum,
  min,
  max,
  mean,
  quantiles,
  distinct,
}
