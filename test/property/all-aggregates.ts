/** Metrics that use every exact aggregate, over the fields of the random sources. */
import type { ModelMetric } from '../model/vocabulary.ts'

export const ALL_AGGREGATES: readonly ModelMetric[] = [
  {
    name: 'wide',
    windowMs: 60_000,
    dimensions: [
      { name: 'd0', text: 's' },
      { name: 'd1', text: 'b' },
    ],
    measures: [
      { name: 'records', text: 'count()' },
      { name: 'large', text: 'count(i > 5)' },
      { name: 'total', text: 'sum(i)' },
      { name: 'least', text: 'min(d)' },
      { name: 'most', text: 'max(e)' },
      { name: 'average', text: 'mean(d)' },
      { name: 'spread', text: 'quantiles(j)' },
      { name: 'texts', text: 'distinct(t)' },
    ],
  },
  {
    name: 'narrow',
    where: 'i is not null',
    windowMs: 86_400_000,
    dimensions: [],
    measures: [
      { name: 'records', text: 'count()' },
      { name: 'spread', text: 'quantiles(i)' },
      { name: 'numbers', text: 'distinct(i, 64)' },
    ],
  },
]
