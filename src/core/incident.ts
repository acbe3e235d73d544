/** What has happened to a source's lines that no process can make good, so that every answer it touches must tell of it. */
import type { ErrorCode } from './error.ts'

export interface Incident {
  readonly source: string
  /** Of the error table, whose text says what to do. */
  readonly code: ErrorCode
  /** Whole sentences, for people. */
  readonly message: string
  /** Somebody has accepted it, and its source goes on: it is told, but nothing waits. Absent while the source is held up. */
  readonly acceptedMs?: number
}
