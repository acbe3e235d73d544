/** One value as text, the same in every output format. */
import { printExact } from './exact-number.ts'
import type { ResultColumn, ResultValue } from './result-table.ts'
import { formatInstant } from './timestamp.ts'

/** Exact numbers with all digits, doubles in their shortest form, instants in RFC 3339; undefined for null. */
export function printValue(
  { type, scale }: ResultColumn,
  value: ResultValue | undefined,
): string | undefined {
  if (value === null || value === undefined) return undefined
  if (type === 'timestamp') return formatInstant(Number(value))
  return typeof value === 'bigint' ? printExact(value, scale) : String(value)
}
