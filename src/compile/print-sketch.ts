/** Merged sketches → what core needs to finish them, as SQL over rows of groups, "key" and n; and their functions. */

export interface Rank {
  readonly numerator: number
  readonly denominator: number
}

/** How an engine calculates with exact integers of up to 38 digits. */
export interface WideMath {
  readonly type: string
  /** Cut toward zero; the dividend is of the wide type. */
  quotient(dividend: string, divisor: string): string
}

/** `body` uses the parameters by their names, and earlier functions as `call` names them. */
export interface SketchFunction {
  readonly name: string
  readonly parameters: readonly { readonly name: string; readonly type: string }[]
  readonly result: string
  readonly body: string
}

/**
 * Columns: the groups, then `r0`, `r1` …: the smallest bucket whose cumulative count reaches ⌈rank · total⌉.
 * `rows` has one row per group and key, with a BIGINT count `n`. The rank is found once per group, in the wide
 * type since the product may pass 64 bits; comparing wide integers row by row would take twice as long.
 */
export function printRanks(
  rows: string,
  groups: readonly string[],
  ranks: readonly Rank[],
  wide: WideMath,
): string {
  const list = groups.join(', ')
  const targets = ranks.map(({ numerator, denominator }, i) => {
    const product = `(CAST(sum(n) AS ${wide.type}) * ${numerator} + ${denominator - 1})`
    return `CAST(${wide.quotient(product, String(denominator))} AS BIGINT) AS t${i}`
  })
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
  return `SELECT ${list}, ${sum} AS rank_sum, count(*) AS filled FROM (${rows}) parts GROUP BY ${list}`
}

/**
 * σ(x) of core/distinct-registers.ts, term by term. Terms that come near the smallest double count as 0: they
 * change nothing beside x, which is 0 or at least 1/4096, and some engines fail where a power underflows.
 */
const SIGMA = Array.from({ length: 17 }, (_, k) => {
  const power = 2 ** (k + 1)
  return `CASE WHEN x > ${10 ** (-300 / power)} THEN pow(x, ${power}) * ${2 ** k} ELSE 0 END`
}).join(' + ')

/** What views and people call; `call` prints the name by which one function finds another. */
export function sketchFunctions(
  call: (name: string) => string,
  { type, quotient }: WideMath,
): SketchFunction[] {
  const size = 'CAST(abs(bucket) AS BIGINT)'
  const slot = `(${size} % 1000)`
  const digits = `CAST((${size} - ${slot}) / 1000 - 1 AS INTEGER)`
  const unit = `CAST('1' || repeat('0', ${digits}) AS ${type})`
  const half = quotient(`(${call('bucket_width')}(${slot}) * ${unit} - 1)`, '2')
  const slots = [{ name: 'slot', type: 'BIGINT' }]
  return [
    {
      name: 'bucket_lead',
      parameters: slots,
      result: 'BIGINT',
      body: `CASE WHEN slot < 50 THEN 100 + slot * 2
    WHEN slot < 125 THEN 200 + (slot - 50) * 4 ELSE 500 + (slot - 125) * 10 END`,
    },
    {
      name: 'bucket_width',
      parameters: slots,
      result: 'BIGINT',
      body: 'CASE WHEN slot < 50 THEN 2 WHEN slot < 125 THEN 4 ELSE 10 END',
    },
    {
      name: 'bucket_midpoint',
      parameters: [{ name: 'bucket', type: 'BIGINT' }],
      result: type,
      body: `CASE WHEN abs(bucket) < 100 THEN CAST(bucket AS ${type})
    ELSE CASE WHEN bucket < 0 THEN -1 ELSE 1 END * (${call('bucket_lead')}(${slot}) * ${unit} + ${half}) END`,
    },
    {
      name: 'sigma',
      parameters: [{ name: 'x', type: 'DOUBLE PRECISION' }],
      result: 'DOUBLE PRECISION',
      body: `x + ${SIGMA}`,
    },
    {
      name: 'distinct_estimate',
      parameters: [
        { name: 'registers', type: 'BIGINT' },
        { name: 'rank_sum', type: 'DOUBLE PRECISION' },
        { name: 'filled', type: 'BIGINT' },
      ],
      result: 'BIGINT',
      body: `CAST(round(pow(CAST(registers AS DOUBLE PRECISION), 2) / (2 * ln(CAST(2 AS DOUBLE PRECISION))
      * (rank_sum + registers * ${call('sigma')}(CAST(registers - filled AS DOUBLE PRECISION) / registers)))) AS BIGINT)`,
    },
  ]
}
