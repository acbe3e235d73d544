/** The statements by which a source's lines become a table of records: a quick pass, and the parse of what it leaves. */
import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import { printParse } from '../../compile/parse-source.ts'
import type { SourcePlan } from '../../core/plan.ts'
import { printQuick } from './quick-lines.ts'

export interface ParseStatements {
  readonly make: readonly string[]
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
  const needed = [...new Set([...passed, ...(plan.allowedSkewMs === undefined ? [] : ['observed_ms'])])]
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
  const [first, second] = [cached(swift, quick), cached(rest, printParse(plan, dialect, left, passed))]
  return {
    make: [
      ...first.make,
      ...second.make,
      `CREATE TEMPORARY VIEW ${table} AS ${quickRows} UNION ALL ${otherRows}`,
    ],
    drop: [`DROP VIEW ${table}`, ...second.drop, ...first.drop],
  }
}

/** A table that is computed at once, and kept until it is dropped. */
export function cached(table: string, query: string): ParseStatements {
  return {
    make: [`CACHE TABLE ${table} OPTIONS ('storageLevel' 'MEMORY_AND_DISK') AS ${query}`],
    drop: [`UNCACHE TABLE ${table}`],
  }
}
