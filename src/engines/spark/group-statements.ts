/**
 * How a source of one tally is read: lines that the quick pass is sure of go straight into their groups, since rows that
 * are grouped once do not pay for a cache of them. Only what is left becomes a table of records.
 */

import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import { printParse } from '../../compile/parse-source.ts'
import { type RecordColumns, type RecordFilter, TallyPrinter, VERDICTS } from '../../compile/print-tally.ts'
import { recordColumns } from '../../compile/record-columns.ts'
import { limitsObserved } from '../../compile/time-limits.ts'
import type { MetricPlan, SourcePlan } from '../../core/plan.ts'
import { cached, type ParseStatements, restOfLines } from './parse-statements.ts'
import { printQuick } from './quick-lines.ts'

/** Lines that are left are noted a bit each, so many at once, since they may be all there are. */
const NOTED_AT_ONCE = 64

export interface GroupStatements extends ParseStatements {
  readonly grouped: {
    /** A query of the partials of all lines that are in groups. */
    readonly partials: string
    /** A query of how many such lines there are (`"lines"`), by `verdict`. */
    readonly verdicts: string
    /** A query of how many of them are late (`"lines"`), by the start of their window. */
    readonly late: string
  }
}

/** `table` gets the lines that are left, as printParse gives them. Undefined for sources that cannot be read so. */
export function groupStatements(
  plan: SourcePlan,
  dialect: EngineDialect,
  table: string,
  lines: string,
  passed: readonly string[],
  filter: RecordFilter,
): GroupStatements | undefined {
  const metric = onlyTally(plan)
  const needed = [...new Set([...passed, ...(limitsObserved(plan) ? ['observed_ms'] : [])])]
  const quick = printQuick(plan, dialect, lines, needed)
  if (metric === undefined || quick === undefined) return undefined
  const printer = new TallyPrinter(dialect, metric, quickColumns(plan))
  const groups = `${table}_groups`
  const names = [
    ...printer.groupNames(metric.tallies[0]!),
    ...metric.tallies[0]!.columns.map(({ column }) => column),
  ]
  const first = cached(groups, printGroups(quick, metric, printer, filter))
  const parse = printParse(plan, dialect, linesLeft(lines, groups, needed), passed)
  const isLeft = `SELECT count(*) > 0 FROM ${groups} WHERE verdict = ${VERDICTS.rejected}`
  const second = restOfLines(plan, table, parse, isLeft, passed)
  return {
    make: [...first.make, ...second.make],
    drop: [...second.drop, ...first.drop],
    grouped: {
      partials: `SELECT ${names.join(', ')} FROM ${groups} WHERE verdict = ${VERDICTS.counted}`,
      verdicts: `SELECT verdict, "lines" FROM ${groups} WHERE verdict <> ${VERDICTS.rejected}`,
      late: `SELECT window_ms, "lines" FROM ${groups} WHERE verdict = ${VERDICTS.late}`,
    },
  }
}

function onlyTally({ metrics }: SourcePlan): MetricPlan | undefined {
  return metrics.length === 1 && metrics[0]!.tallies.length === 1 ? metrics[0] : undefined
}

/** A line that is not quick has no verdict, whatever its values. */
function quickColumns(plan: SourcePlan): RecordColumns {
  return { ...recordColumns(plan), error: () => 'FALSE', reason: 'nullif(is_quick, TRUE)' }
}

/**
 * Of records that count there is a row for each group, of late ones one a window, of others one a verdict, and of lines
 * that are left one a note.
 */
function printGroups(quick: string, metric: MetricPlan, printer: TallyPrinter, filter: RecordFilter): string {
  const verdict = `coalesce(${printer.verdict(filter)}, ${VERDICTS.rejected})`
  const isCounted = `verdict = ${VERDICTS.counted}`
  const isLeft = `verdict = ${VERDICTS.rejected}`
  const hasWindow = `verdict IN (${VERDICTS.counted}, ${VERDICTS.late})`
  const [windowMs, ...dimensions] = printer.groupValues()
  const note = `"offset" div ${NOTED_AT_ONCE}`
  const bit = `shiftleft(1L, CAST("offset" % ${NOTED_AT_ONCE} AS INT))`
  const groups = [
    'verdict',
    `CASE WHEN ${hasWindow} THEN ${windowMs} WHEN ${isLeft} THEN ${note} END AS window_ms`,
    ...dimensions.map((value, index) => `CASE WHEN ${isCounted} THEN ${value} END AS d${index}`),
  ]
  const columns = [
    'count(*) AS "lines"',
    `bit_or(CASE WHEN ${isLeft} THEN ${bit} END) AS bits`,
    ...printer.aggregates(metric.tallies[0]!, isCounted),
  ]
  const judged = `(SELECT *, ${verdict} AS verdict FROM (${quick}))`
  const places = groups.map((_, index) => index + 1)
  return `SELECT ${[...groups, ...columns].join(', ')} FROM ${judged} GROUP BY ${places.join(', ')}`
}

/** They are read again, which is cheap as long as they are not parsed again. */
function linesLeft(lines: string, groups: string, columns: readonly string[]): string {
  const notes = `SELECT window_ms AS note, bits FROM ${groups} WHERE verdict = ${VERDICTS.rejected}`
  const isNoted = `"offset" div ${NOTED_AT_ONCE} = note AND getbit(bits, CAST("offset" % ${NOTED_AT_ONCE} AS INT)) = 1`
  return `(SELECT ${[...columns, 'raw'].join(', ')} FROM ${lines} JOIN (${notes}) ON ${isNoted})`
}
