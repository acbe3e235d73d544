/** The part of a table's name that tells versions of metrics apart, the same in every report. */
import { createHash } from 'node:crypto'
import { type MetricTables, tablesNamed } from '../compile/report-tables.ts'

/** Two metrics may mean the same and so share a version: the key is cut from both. */
export function tablesOf(metric: string, version: string): MetricTables {
  const text = JSON.stringify([metric, version])
  return tablesNamed(createHash('sha256').update(text).digest('hex').slice(0, 16))
}
