/** `distinct(x)`: the greatest rank per register (see distinct-registers.ts); σ = 1.04 / √registers. */
import { MAX_REGISTERS } from '../distinct-registers.ts'
import { type Aggregate, argumentOf } from './aggregate.ts'

export const distinct: Aggregate = {
  name: 'distinct',
  need: (call) => {
    const argument = argumentOf(call)
    const registers = String(call.registers ?? MAX_REGISTERS)
    const type = { kind: 'integer', magnitude: registers } as const
    const count = { node: 'literal', value: registers, type } as const
    const rank = {
      node: 'call',
      fn: '$rank',
      args: [argument],
      type: { kind: 'integer', magnitude: '53' },
    } as const
    return {
      key: { node: 'call', fn: '$register', args: [argument, count], type },
      columns: [{ fn: 'max', expr: rank }],
    }
  },
}
