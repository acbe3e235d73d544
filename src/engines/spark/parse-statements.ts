/** The statements by which a source's lines become a table of records: a quick pass, and the parse of what it leaves. */

import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import { printParse } from '../../compile/parse-source.ts'
import { limitsObserved } from '../../compile/time-limits.ts'
import type { SourcePlan } from '../../core/plan.ts'
import { printQuick, VALUE_TYPES } from './quick-lines.ts'
import type { Step } from './step.ts'

export interface ParseStatements {
  readonly make: readonly Step[]
  readonly drop: readonly string[]
}

/**
 * `table` has the columns that printParse gives. Lines that the quick pass leaves stay in their partitions: dealt out
 * anew, groups of a tally would meet in every one of them.
 */
export function parseStatements(
  plan: SourcePlan,
  dialect: EngineDialect,
  table: string,
  lines: string,
  passed: readonly string[] = ['"offset"'],
): ParseStatements {
  const needed = [...new Set([...passed, ...(limitsObserved(plan) ? ['observed_ms'] : [])])]
  const quick = printQuick(plan, dialect, lines, needed)
  if (quick === undefined) return cached(table, printParse(plan, dialect, lines, passed))
  const [swift, rest] = [`${table}_quick`, `${table}_rest`]
  const left = `(SELECT ${[...needed, 'raw'].join(', ')} FROM ${swift} WHERE NOT is_quick)`
  const fields = plan.fields.map((_, index) => index)
  const [ours, theirs] = [
    fields.map((i) => `f${i}, FALSE AS e${i}`).join(', '),
    fields.map((i) => `f${i}, e${i}`).join(', '),
  ]
  const columns = (reason: string, values: string) =>
    [...passed, reason, 'event_ms', ...(values === '' ? [] : [values])].join(', ')
  const quickRows = `SELECT ${columns('CAST(NULL AS STRING) AS reason', ours)} FROM ${swift} WHERE is_quick`
  const otherRows = `SELECT ${columns('reason', theirs)} FROM ${rest}`
  const first = cached(swift, quick)
  const isLeft = `SELECT count(*) > 0 FROM ${swift} WHERE NOT is_quick`
  const second = restOfLines(plan, rest, printParse(plan, dialect, left, passed), isLeft, passed)
  return {
    make: [
      ...first.make,
      ...second.make,
      { sql: `CREATE TEMPORARY VIEW ${table} AS ${quickRows} UNION ALL ${otherRows}` },
    ],
    drop: [`DROP VIEW ${table}`, ...second.drop, ...first.drop],
  }
}

/**
 * `table` gets the lines that a quick pass leaves, by the `parse` of them. It is the longest query of all, so Spark sees
 * it only where `isLeft` finds some; planning takes seconds, of this and of all that reads it.
 */
export function restOfLines(
  plan: SourcePlan,
  table: string,
  parse: string,
  isLeft: string,
  passed: readonly string[],
): ParseStatements {
  const { make, drop } = cached(table, parse)
  const columns = [
    ...passed.map((column) => [column, 'BIGINT']),
    ['reason', 'STRING'],
    ['event_ms', 'BIGINT'],
    ...plan.fields.flatMap(({ type }, i) => [
      [`f${i}`, VALUE_TYPES[type.kind]],
      [`e${i}`, 'BOOLEAN'],
    ]),
  ]
  const nulls = columns.map(([column, type]) => `CAST(NULL AS ${type}) AS ${column}`)
  const otherwise = `CREATE TEMPORARY VIEW ${table} AS SELECT ${nulls.join(', ')} WHERE FALSE`
  return { make: make.map(({ sql }) => ({ sql, where: { query: isLeft, otherwise } })), drop }
}

/** A table that is computed at once, and kept until it is dropped. */
export function cached(table: string, query: string): ParseStatements {
  return {
    make: [{ sql: `CACHE TABLE ${table} OPTIONS ('storageLevel' 'MEMORY_AND_DISK') AS ${query}` }],
    drop: [`UNCACHE TABLE ${table}`],
  }
}
