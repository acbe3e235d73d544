/** The role that writes result tables to files of a typed, binary format. */
import type { ResultTable } from '../core/result-table.ts'

export interface TableFile {
  /** Adds rows; every table must have the columns of the first, names and types alike. */
  append(table: ResultTable): Promise<void>
  /** Writes all rows added, in order, and returns the file's path, which the caller moves or removes. */
  finish(): Promise<string>
  close(): Promise<void>
}
