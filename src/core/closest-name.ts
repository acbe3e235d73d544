/** "Did you mean": the known name nearest to one that is not known. */

/**
 * The nearest of `known` by edit distance without regard to case (a swap of neighbours counts one), or undefined
 * when none is near enough to be a likely slip: at most a third of the longer name may differ.
 */
export function closestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  const wanted = name.slice(0, 200).toLowerCase()
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.slice(0, 200).toLowerCase())
    const longer = Math.max(name.length, candidate.length)
    const allowed = longer === 2 ? 1 : Math.floor(longer / 3)
    if (distance <= allowed && distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Optimal string alignment distance (Damerau–Levenshtein without repeated edits of one place). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) least = Math.min(least, beforeLast[j - 2]! + 1)
      row.push(least)
    }
    ;[beforeLast, last] = [last, row]
  }
  return last[b.length]!
}
