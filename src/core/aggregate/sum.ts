/** `sum(x)`: exact for integers and decimals; 0 when there is no value. */
import { type Aggregate, argumentOf } from './aggregate.ts'

export const sum: Aggregate = {
  name: 'sum',
  need: (call) => ({ columns: [{ fn: 'sum', expr: argumentOf(call) }] }),
}
