/** The part of a table's name that tells versions of metrics apart, the same in every report. */
import { createHash } from 'node:crypto'
import { type MetricTables, tablesNamed } from '../compile/report-tables.ts'

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Two metrics may mean the same and so share a version: the key is cut from both. */
export function tablesOf(metric: string, version: string): MetricTables {
  const text = JSON.stringify([metric, version])
  return tablesNamed(sha256(text).slice(0, 16))
}
