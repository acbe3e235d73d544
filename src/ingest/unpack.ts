/** Unpacks gzip and deflate: everything that stands there, or an error. */
import { createGunzip, createInflate, type Gunzip } from 'node:zlib'

export type Packing = 'gzip' | 'deflate'

export type Chunks = AsyncIterable<Uint8Array>

const CHUNK_BYTES = 256 * 1024

/** The packed bytes are cut short, damaged, or followed by others; the message is the end of a sentence. */
export class UnpackError extends Error {
  /** They end too early. */
  readonly isCut: boolean

  constructor(message: string, isCut: boolean, cause?: unknown) {
    super(message, { cause })
    this.isCut = isCut
  }
}

/**
 * Members of gzip one after another are one content, and zero bytes between and behind them are padding (RFC 1952,
 * section 2.2, and what gzip(1) does); Node's own unpacker takes the first zero byte for the end of everything. deflate
 * is one zlib stream (RFC 9110, section 8.4.1.2). A chunk is read no more once the next one is asked for. Errors:
 * UnpackError, and those of `packed`.
 */
export async function* unpack(packed: Chunks, packing: Packing): AsyncGenerator<Buffer> {
  const input = new PackedInput(packed)
  try {
    yield* unpackPart(input, packing)
    while (await input.hasMore(packing)) yield* unpackPart(input, packing)
  } finally {
    input.close()
  }
}

/** The bytes that are not unpacked yet. */
class PackedInput {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array | undefined
  /** Of all; a member of gzip begins with 0x1f. */
  firstByte: number | undefined

  constructor(chunks: Chunks) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async next(): Promise<Uint8Array | undefined> {
    const rest = this.#rest
    this.#rest = undefined
    if (rest) return rest
    const { value, done } = await this.#chunks.next()
    if (done) return undefined
    this.firstByte ??= value[0]
    return value
  }

  putBack(bytes: Uint8Array): void {
    this.#rest = bytes
  }

  /** Skips padding. Errors: UnpackError. */
  async hasMore(packing: Packing): Promise<boolean> {
    for (let chunk = await this.next(); chunk; chunk = await this.next()) {
      const start = packing === 'gzip' ? chunk.findIndex((byte) => byte !== 0) : 0
      if (start < 0 || chunk.length === 0) continue
      if (packing === 'deflate') throw new UnpackError('more bytes follow the end of its data', false)
      this.putBack(chunk.subarray(start))
      return true
    }
    return false
  }

  /** Not awaited: an input that waits for its writer would hold up the news of a failure. */
  close(): void {
    this.#chunks.return?.().catch(() => undefined)
  }
}

/** Up to where the unpacker sees an end: of the input, or of a member before padding. */
async function* unpackPart(input: PackedInput, packing: Packing): AsyncGenerator<Buffer> {
  const options = { chunkSize: CHUNK_BYTES }
  const unpacker = packing === 'gzip' ? createGunzip(options) : createInflate(options)
  const feeding = feed(input, unpacker).catch((error: Error) => void unpacker.destroy(error))
  try {
    yield* unpacker as AsyncIterable<Buffer>
    await feeding
  } catch (error) {
    throw unpackError(error, input.firstByte === 0x1f)
  } finally {
    unpacker.destroy()
  }
}

async function feed(input: PackedInput, unpacker: Gunzip): Promise<void> {
  let isEmpty = true
  for (let chunk = await input.next(); chunk; chunk = await input.next()) {
    if (chunk.length === 0) continue
    isEmpty = false
    const before = unpacker.bytesWritten
    await written(unpacker, chunk)
    const taken = unpacker.bytesWritten - before
    if (taken < chunk.length) return input.putBack(chunk.subarray(taken))
  }
  // Node's unpacker takes an empty input for a whole one; gzip(1) does not.
  if (isEmpty) throw new UnpackError('there is nothing in it', true)
  unpacker.end()
}

/** Resolves once the unpacker has taken the bytes, or as many of them as it ever will. */
function written(unpacker: Gunzip, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      unpacker.off('end', done).off('close', done)
      resolve()
    }
    unpacker.once('end', done).once('close', done)
    unpacker.write(chunk, done)
  })
}

function unpackError(error: unknown, isPacked: boolean): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') return new UnpackError('it ends too early', true, error)
  if (!code.startsWith('Z_')) return error
  if (message === 'incorrect header check' && isPacked)
    return new UnpackError('what follows a whole part of it is not packed', false, error)
  return new UnpackError(message, false, error)
}
