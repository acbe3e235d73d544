/** The SQL that tells how far into its year each stamp of a source is, where stamps carry none. */
import type { Source } from '../core/definition.ts'
import { SEMANTICS_VERSION } from '../core/plan.ts'
import type { EngineDialect } from './format/parse-dialect.ts'
import { printParse } from './parse-source.ts'

/** Any leap year, so that every day of every year has a place. */
const YEAR = 2000

/**
 * SQL of a SELECT over `lines` (`"offset"` BIGINT, `raw` binary) that gives `"offset"` and `at_ms`: the stamp as it were in
 * one leap year, by its own clock where it says how far that is from UTC; null for a line without a stamp.
 */
export function printStamps(
  { name: source, format, time, nullTexts }: Pick<Source, 'name' | 'format' | 'time' | 'nullTexts'>,
  dialect: EngineDialect,
  lines: string,
): string {
  // A line without a context has the declared year.
  const plan = {
    ...{ semantics: SEMANTICS_VERSION, source, format, nullTexts, fields: [], metrics: [] },
    time: { ...time, zone: 'UTC', year: YEAR },
  }
  const bare = `(SELECT "offset", 0 AS observed_ms, CAST(NULL AS ${dialect.textType}) AS context, raw FROM ${lines})`
  return `SELECT "offset", event_ms AS at_ms FROM (${printParse(plan, dialect, bare)})`
}
