/** The ledger's one law: every line that was appended is counted, filtered, late, rejected, outside or lost, and only once. */
import { MillraceError } from './error.ts'
import type { Ledger } from './run-record.ts'

/** Throws LEDGER_MISMATCH when the line does not balance. */
export function checkLedger({
  source,
  metric,
  appended,
  counted,
  filtered,
  late = 0,
  rejected,
  outside = 0,
  lost = 0,
}: Ledger): void {
  const total = counted + filtered + late + rejected + outside + lost
  if (total === appended) return
  const what = metric === undefined ? `source ${source}` : `metric ${metric}`
  const terms = { counted, filtered, late, rejected, outside, lost }
  throw new MillraceError('LEDGER_MISMATCH', { what, appended, ...terms, total })
}
