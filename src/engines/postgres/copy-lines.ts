/** Bulk into a table: text lines by COPY, in pieces that are whole on this machine before the server waits for them. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Lines } from '../../ports/staged-text.ts'
import { codeOf, StalledError } from './postgres-failure.ts'
import { readAhead } from './read-ahead.ts'
import type { Transaction } from './transaction.ts'

/** Of one COPY. */
const PIECE_BYTES = 4 * 1024 * 1024
/** A machine that freezes in the middle of a piece holds the transaction for so long. */
const PIECE_MS = 60_000
const CANCELLED = '57014'

/** `target` is a table with its list of columns. Resolves to the number of rows; where there are none, nothing is sent. */
export async function copyLines(transaction: Transaction, target: string, lines: Lines): Promise<number> {
  const sql = `COPY ${target} FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`
  const isOurs = transaction.statementMs === 0 || transaction.statementMs > PIECE_MS
  let rows = 0
  let isLimited = false
  for await (const piece of piecesOf(lines)) {
    if (isOurs && !isLimited) await transaction.run(`SET LOCAL statement_timeout = ${PIECE_MS}`)
    isLimited = true
    rows += await transaction.use(async (client) => {
      const stream = client.query(copyFrom(sql))
      await pipeline(Readable.from(piece), stream).catch((error: unknown) => {
        throw isOurs && codeOf(error) === CANCELLED ? new StalledError(error) : error
      })
      return stream.rowCount ?? 0
    })
  }
  if (isOurs && isLimited) await transaction.run('SET LOCAL statement_timeout TO DEFAULT')
  return rows
}

/** Each ends with a line, and the next one is read while the server takes one in. */
async function* piecesOf(lines: Lines): AsyncGenerator<Uint8Array[]> {
  let piece: Uint8Array[] = []
  let bytes = 0
  for await (const text of readAhead(lines, PIECE_BYTES)) {
    piece.push(text)
    bytes += text.length
    if (bytes < PIECE_BYTES) continue
    const end = text.lastIndexOf(NEWLINE) + 1
    if (end === 0) continue
    piece[piece.length - 1] = text.subarray(0, end)
    yield piece
    piece = end < text.length ? [text.subarray(end)] : []
    bytes = text.length - end
  }
  if (bytes > 0) yield piece
}

const NEWLINE = 10
