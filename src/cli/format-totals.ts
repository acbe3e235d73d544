/** A finished table in the format that was asked for. */
import { printCsv } from '../core/print-csv.ts'
import { printJson } from '../core/print-json.ts'
import { printTable } from '../core/print-table.ts'
import type { ResultTable } from '../core/result-table.ts'

export type TotalsFormat = 'table' | 'csv' | 'json'

export function formatTotals(table: ResultTable, format: TotalsFormat): Iterable<string> {
  if (format === 'csv') return printCsv(table)
  return format === 'json' ? printJson(table) : printTable(table)
}
