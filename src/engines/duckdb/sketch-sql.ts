/** Merged sketches → what core needs to finish them, as SQL over rows of groups, "key" and n. */

export interface Rank {
  readonly numerator: number
  readonly denominator: number
}

/**
 * Columns: the groups, then `r0`, `r1` …: the smallest bucket whose cumulative count reaches ⌈rank · total⌉.
 * `rows` has one row per group and key, with a BIGINT count `n`. The rank is found once per group, as HUGEINT
 * since the product may pass 64 bits; comparing in HUGEINT row by row would take twice as long.
 */
export function printRanks(rows: string, groups: readonly string[], ranks: readonly Rank[]): string {
  const list = groups.join(', ')
  const targets = ranks.map(
    ({ numerator, denominator }, i) =>
      `CAST((CAST(sum(n) AS HUGEINT) * ${numerator} + ${denominator - 1}) // ${denominator} AS BIGINT) AS t${i}`,
  )
  const buckets = ranks.map((_, i) => `min("key") FILTER (WHERE reached >= t${i}) AS r${i}`)
  const reached = `CAST(sum(n) OVER (PARTITION BY ${list} ORDER BY "key" ROWS UNBOUNDED PRECEDING) AS BIGINT)`
  return `WITH bucketed AS MATERIALIZED (${rows}),
    targets AS (SELECT ${[...groups, ...targets].join(', ')} FROM bucketed GROUP BY ${list}),
    running AS (SELECT ${list}, "key", ${reached} AS reached FROM bucketed)
    SELECT ${[list, ...buckets].join(', ')} FROM running JOIN targets USING (${list}) GROUP BY ${list}`
}

/**
 * Columns: the groups, `rank_sum` = Σ 2^(53 − rank) as an integer, so that no order of rows can change it, and
 * `filled`, the number of registers that are not empty. `rows` has one row per group and register, `n` its rank.
 */
export function printEstimateParts(rows: string, groups: readonly string[]): string {
  const list = groups.join(', ')
  const sum = `sum(CAST(1 AS BIGINT) << CAST(53 - n AS INTEGER))`
  return `SELECT ${list}, ${sum} AS rank_sum, count(*) AS filled FROM (${rows}) GROUP BY ${list}`
}
