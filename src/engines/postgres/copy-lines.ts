/** Bulk into a table: text lines by COPY, as they come. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Lines } from '../../ports/staged-text.ts'
import type { Transaction } from './session.ts'

/** `target` is a table with its list of columns. Resolves to the number of rows. */
export async function copyLines({ client }: Transaction, target: string, lines: Lines): Promise<number> {
  const stream = client.query(copyFrom(`COPY ${target} FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`))
  await pipeline(Readable.from(lines), stream)
  return stream.rowCount ?? 0
}
