/** `min(x)`: exact for integers and decimals; null when there is no value. */
import { type Aggregate, argumentOf } from './aggregate.ts'

export const min: Aggregate = {
  name: 'min',
  need: (call) => ({ columns: [{ fn: 'min', expr: argumentOf(call) }] }),
}
