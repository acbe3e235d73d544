/** Exact integers of any size in PostgreSQL: `numeric`, divided by `div`, which cuts toward zero. */
import type { WideMath } from '../../compile/print-sketch.ts'

export const NUMERIC: WideMath = { type: 'numeric', quotient: (a, b) => `div(${a}, ${b})` }
