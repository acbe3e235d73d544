/** `max(x)`: exact for integers and decimals; null when there is no value. */
import { type Aggregate, argumentOf } from './aggregate.ts'

export const max: Aggregate = {
  name: 'max',
  need: (call) => ({ columns: [{ fn: 'max', expr: argumentOf(call) }] }),
}
