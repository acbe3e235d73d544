/** The least and the greatest of numbers, however many: `Math.min(...numbers)` overflows the stack beyond some 100,000. */

/** Infinity of none, as of `Math.min`. */
export function leastOf(numbers: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY
  for (const one of numbers) least = Math.min(least, one)
  return least
}

/** Minus infinity of none, as of `Math.max`. */
export function greatestOf(numbers: Iterable<number>): number {
  let greatest = Number.NEGATIVE_INFINITY
  for (const one of numbers) greatest = Math.max(greatest, one)
  return greatest
}
