/** Names and literals in PostgreSQL's SQL. */
import { createHash } from 'node:crypto'
import { SqlDialect } from '../../compile/sql-dialect.ts'

/** PostgreSQL cuts longer names silently, and then two may become one. */
const LONGEST_NAME_BYTES = 63
const HASH_DIGITS = 8

const dialect = new SqlDialect()

/** Where a report's tables and views stand. */
export interface PostgresNames {
  /** Of millrace's own tables, quoted. */
  readonly schema: string
  /** Of the views, quoted: a schema apart, so that any metric may have any name. */
  readonly views: string
  /** Unquoted. */
  readonly schemaName: string
  readonly viewsName: string
}

export function namesOf(schema: string): PostgresNames {
  const [schemaName, viewsName] = [shorten(schema), shorten(`${schema}_views`)]
  return { schema: quoteName(schema), views: quoteName(viewsName), schemaName, viewsName }
}

/** Names too long end in a hash of the whole. */
export function quoteName(name: string): string {
  return dialect.quoteName(shorten(name))
}

export function shorten(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_NAME_BYTES) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)
  let kept = [...name]
  while (Buffer.byteLength(kept.join('')) > LONGEST_NAME_BYTES - HASH_DIGITS - 1) kept = kept.slice(0, -1)
  return `${kept.join('')}_${hash}`
}

/** Also right where a server reads backslashes in literals: such a text is written with E. */
export function quoteText(text: string): string {
  const quoted = dialect.quoteText(text)
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** An instant of milliseconds since the epoch, exactly. */
export function instantOf(ms: number): string {
  return `(TIMESTAMPTZ 'epoch' + INTERVAL '${ms} milliseconds')`
}
