/** Reads files of the archive in order, with their length and SHA-256. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const CHUNK_BYTES = 1024 * 1024

export interface FileDigest {
  readonly fileBytes: number
  readonly sha256: string
}

/** The file's content in chunks that are each valid until the next one. */
export async function* readChunks(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

export async function digestFile(path: string): Promise<FileDigest> {
  const digest = new RunningDigest()
  for await (const _ of digest.watch(readChunks(path))) {
    // The chunks are only watched.
  }
  return digest.result()
}

/** Length and SHA-256 of bytes that pass by on their way elsewhere. */
export class RunningDigest {
  readonly #hash = createHash('sha256')
  #bytes = 0

  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk)
      this.#bytes += chunk.length
      yield chunk
    }
  }

  result(): FileDigest {
    return { fileBytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
