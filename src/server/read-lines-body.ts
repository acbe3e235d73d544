/** Reads a body of lines: unpacked, counted and bounded, but never looked into beyond its newlines. */
import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Source } from '../core/definition.ts'
import { type ContentKind, contentKind } from '../ingest/content-kind.ts'
import { foreignContent } from '../ingest/foreign-content.ts'
import { peek } from '../ingest/peek.ts'
import { type Chunks, type Packing, UnpackError, unpack } from '../ingest/unpack.ts'
import { Problem } from './problem.ts'
import type { ServeLimits } from './serve-settings.ts'

export interface LinesBody {
  readonly chunks: readonly Uint8Array[]
  readonly lines: number
  readonly bytes: number
  /** SHA-256 of the unpacked body as it came; absent unless asked for. */
  readonly digest?: Buffer
}

export interface BodyReading {
  readonly limits: ServeLimits
  readonly needsDigest: boolean
  /** What the lines are to be. */
  readonly source: Source
  /** Takes room before bytes are kept; throws when there is none. */
  takeRoom(bytes: number): void
}

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** The last line gets the newline that it may lack. Errors: Problem. */
export async function readLinesBody(request: IncomingMessage, reading: BodyReading): Promise<LinesBody> {
  const reader = new BodyReader(reading)
  try {
    const packing = packingOf(request)
    const { head, all } = await peek(unpackBody(request, packing, reading))
    requireText(contentKind(head), packing)
    requireLines(head, reading.source)
    for await (const chunk of all) reader.add(chunk as Buffer)
  } catch (error) {
    throw error instanceof Problem ? error : broken(error)
  }
  return reader.finish()
}

function broken(error: unknown): Problem {
  if (error instanceof UnpackError)
    return new Problem(
      400,
      'BODY_CORRUPT',
      `The body cannot be unpacked: ${error.message}. Nothing was added.`,
    )
  return new Problem(400, 'BODY_INCOMPLETE', 'The body ended too early. Nothing was added; send it again.')
}

/** Undefined where the body is plain. */
function packingOf({ headers }: IncomingMessage): Packing | undefined {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity') return undefined
  if (encoding === 'gzip' || encoding === 'deflate') return encoding
  if (encoding === 'x-gzip') return 'gzip'
  const message = `The body is packed as ${encoding}; send it plain, or packed as gzip or deflate.`
  throw new Problem(415, 'BODY_ENCODING_UNKNOWN', message)
}

function unpackBody(request: IncomingMessage, packing: Packing | undefined, reading: BodyReading): Chunks {
  const { bodyBytes } = reading.limits
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bodyBytes) throw tooLarge('is larger than', bodyBytes)
  if (!packing) return boundedBody(request, bodyBytes, reading)
  return within(unpack(boundedBody(request, bodyBytes), packing), reading)
}

async function* within(chunks: Chunks, { takeRoom }: BodyReading): Chunks {
  for await (const chunk of chunks) {
    takeRoom(chunk.length)
    yield chunk
  }
}

/** What is packed in another way than was said, or no text at all, would become lines that nothing can read. */
function requireText(found: ContentKind, packing: Packing | undefined): void {
  if (found.kind === 'text') return
  const is = packing ? `The body, unpacked from ${packing},` : 'The body'
  const fault = packing && found.kind === 'gzip' ? 'is packed again; pack it once.' : faultOf(found)
  throw new Problem(415, 'BODY_NOT_TEXT', `${is} ${fault} Nothing was added.`)
}

/** What cannot be lines of the source's format would all be rejected, long after it was acked. */
function requireLines(head: Buffer, source: Source): void {
  const found = foreignContent(head, source)
  if (!found) return
  const not = `not lines of source ${source.name}, whose format is ${source.format.kind}`
  throw new Problem(
    422,
    'BODY_NOT_LINES',
    `The body is ${found.is}, ${not}. Nothing was added. ${found.remedy}`,
  )
}

function faultOf(found: Exclude<ContentKind, { kind: 'text' }>): string {
  if (found.kind === 'gzip') return 'is packed as gzip, and no header says so: send `Content-Encoding: gzip`.'
  if (found.kind === 'compressed')
    return `is packed as ${found.format}; send it plain, or packed as gzip or deflate with the \`Content-Encoding\` that says so.`
  if (found.kind === 'utf16') return `is text of ${found.encoding}; send it as UTF-8.`
  return `is no text (${found.sign} near its start); send lines of text.`
}

/** Takes room for bytes that are kept as they are; a packed body is not kept. */
async function* boundedBody(
  request: IncomingMessage,
  most: number,
  reading?: BodyReading,
): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > most) throw tooLarge('is larger than', most)
    reading?.takeRoom(chunk.length)
    yield chunk
  }
}

function tooLarge(is: string, most: number): Problem {
  return new Problem(
    413,
    'BODY_TOO_LARGE',
    `The body ${is} ${most} bytes. Nothing was added; send it in smaller parts.`,
  )
}

class BodyReader {
  readonly #reading: BodyReading
  readonly #chunks: Uint8Array[] = []
  readonly #hash: Hash | undefined
  #bytes = 0
  #lines = 0
  /** Bytes since the last newline. */
  #openBytes = 0

  constructor(reading: BodyReading) {
    this.#reading = reading
    this.#hash = reading.needsDigest ? createHash('sha256') : undefined
  }

  add(chunk: Buffer): void {
    this.#hash?.update(chunk)
    // A mark at the beginning is framing, as it is of files.
    const isMarked = this.#bytes === 0 && chunk.subarray(0, 3).equals(BYTE_ORDER_MARK)
    const bytes = isMarked ? chunk.subarray(3) : chunk
    this.#bytes += bytes.length
    const { unpackedBytes } = this.#reading.limits
    if (this.#bytes > unpackedBytes) throw tooLarge('has, unpacked, more than', unpackedBytes)
    this.#countLines(bytes)
    this.#chunks.push(bytes)
  }

  finish(): LinesBody {
    if (this.#openBytes > 0) {
      this.#chunks.push(Buffer.from([NEWLINE]))
      this.#bytes++
      this.#lines++
    }
    const digest = this.#hash?.digest()
    return { chunks: this.#chunks, lines: this.#lines, bytes: this.#bytes, ...(digest && { digest }) }
  }

  #countLines(bytes: Buffer): void {
    let from = 0
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      this.#boundLine(at - from)
      this.#lines++
      this.#openBytes = 0
      from = at + 1
    }
    this.#boundLine(bytes.length - from)
    this.#openBytes += bytes.length - from
  }

  #boundLine(bytes: number): void {
    const { lineBytes } = this.#reading.limits
    if (this.#openBytes + bytes <= lineBytes) return
    const message = `Line ${this.#lines + 1} of the body is longer than ${lineBytes} bytes. Nothing was added; cut it, or leave it out.`
    throw new Problem(413, 'LINE_TOO_LONG', message)
  }
}
