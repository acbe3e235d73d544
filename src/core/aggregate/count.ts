/** `count()`: records; `count(condition)`: records for which the condition is true. */
import type { Aggregate } from './aggregate.ts'

export const count: Aggregate = {
  name: 'count',
  need: ({ argument }) => {
    if (!argument) return { columns: [{ fn: 'count' }] }
    const type = { kind: 'boolean' } as const
    const branches = [{ when: argument, then: { node: 'literal', value: true, type } as const }]
    const otherwise = { node: 'literal', value: null, type } as const
    return { columns: [{ fn: 'count', expr: { node: 'case', branches, otherwise, type } }] }
  },
}
