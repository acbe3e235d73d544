/** The first bytes of a file against the format that the definition declares. */
import type { Source } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { foreignContent } from './foreign-content.ts'

/** Errors: INGEST_NOT_LINES. */
export function checkContent(head: Buffer, source: Source, input: string): void {
  const found = foreignContent(head, source)
  if (!found) return
  const { name, format } = source
  throw new MillraceError('INGEST_NOT_LINES', { ...found, input, source: name, format: format.kind })
}
