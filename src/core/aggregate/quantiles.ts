/** `quantiles(x)`: records per log-linear bucket of x (see quantile-bucket.ts); relative error at most 1 %. */
import { type Aggregate, argumentOf } from './aggregate.ts'

export const quantiles: Aggregate = {
  name: 'quantiles',
  need: (call) => ({
    key: {
      node: 'call',
      fn: '$bucket',
      args: [argumentOf(call)],
      type: { kind: 'integer', magnitude: '99999' },
    },
    columns: [{ fn: 'count' }],
  }),
}
