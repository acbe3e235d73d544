/** `mean(x)`: the exact sum and the number of values; divided once, at the end. */
import { type Aggregate, argumentOf } from './aggregate.ts'

export const mean: Aggregate = {
  name: 'mean',
  need: (call) => {
    const expr = argumentOf(call)
    return {
      columns: [
        { fn: 'sum', expr },
        { fn: 'count', expr },
      ],
    }
  },
}
