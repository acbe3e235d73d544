/** Adds items to a list, however many: `push(...items)` overflows the stack beyond some 100,000. */
export function appendAll<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item)
}
