/** Bulk into a table: text lines by COPY, as they come. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Lines } from '../../ports/staged-text.ts'
import type { Transaction } from './session.ts'

/** `target` is a table with its list of columns. Resolves to the number of rows; where there are none, nothing is sent. */
export async function copyLines({ client }: Transaction, target: string, lines: Lines): Promise<number> {
  const pieces = lines[Symbol.asyncIterator]()
  const first = await pieces.next()
  if (first.done) return 0
  const stream = client.query(copyFrom(`COPY ${target} FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`))
  await pipeline(Readable.from(startingWith(first.value, pieces)), stream)
  return stream.rowCount ?? 0
}

async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): Lines {
  yield first
  yield* { [Symbol.asyncIterator]: () => rest }
}
