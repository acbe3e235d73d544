/** The ledger's one law: every line that was appended is counted, filtered, late or rejected, and only once. */
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
}: Ledger): void {
  const total = counted + filtered + late + rejected
  if (total === appended) return
  const what = metric === undefined ? `source ${source}` : `metric ${metric}`
  throw new MillraceError('LEDGER_MISMATCH', { what, appended, counted, filtered, late, rejected, total })
}
