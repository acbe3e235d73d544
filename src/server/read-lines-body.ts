/** Reads a body of lines: unpacked, counted and bounded, but never looked into beyond its newlines. */
import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createGunzip, createInflate } from 'node:zlib'
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
  /** Takes room before bytes are kept; throws when there is none. */
  takeRoom(bytes: number): void
}

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** The last line gets the newline that it may lack. Errors: Problem. */
export async function readLinesBody(request: IncomingMessage, reading: BodyReading): Promise<LinesBody> {
  const reader = new BodyReader(reading)
  try {
    for await (const chunk of unpack(request, reading.limits)) reader.add(chunk as Buffer)
  } catch (error) {
    throw error instanceof Problem ? error : broken(error as NodeJS.ErrnoException)
  }
  return reader.finish()
}

function broken(error: NodeJS.ErrnoException): Problem {
  if (/^(Z_|ERR_BUFFER)/.test(error.code ?? ''))
    return new Problem(
      400,
      'BODY_CORRUPT',
      `The body cannot be unpacked: ${error.message}. Nothing was added.`,
    )
  return new Problem(400, 'BODY_INCOMPLETE', 'The body ended too early. Nothing was added; send it again.')
}

async function* unpack(request: IncomingMessage, { bodyBytes }: ServeLimits): AsyncGenerator<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bodyBytes) throw tooLarge('is larger than', bodyBytes)
  const packed = boundedBody(request, bodyBytes)
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity') return yield* packed
  const unpacker = encoding === 'gzip' ? createGunzip() : encoding === 'deflate' ? createInflate() : undefined
  if (!unpacker) {
    const message = `The body is packed as ${encoding}; send it plain, or packed as gzip or deflate.`
    throw new Problem(415, 'BODY_ENCODING_UNKNOWN', message)
  }
  yield* through(packed, unpacker)
}

/** Whatever goes wrong on either side is met by the reader. */
async function* through(packed: AsyncIterable<Buffer>, unpacker: ReturnType<typeof createGunzip>) {
  const feeding = (async () => {
    for await (const chunk of packed)
      if (!unpacker.write(chunk))
        await new Promise((resolve) => unpacker.once('drain', resolve).once('close', resolve))
    unpacker.end()
  })().catch((error: Error) => {
    unpacker.destroy(error)
  })
  try {
    yield* unpacker as AsyncIterable<Buffer>
    await feeding
  } finally {
    unpacker.destroy()
  }
}

async function* boundedBody(request: IncomingMessage, most: number): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > most) throw tooLarge('is larger than', most)
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
    this.#reading.takeRoom(chunk.length)
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
