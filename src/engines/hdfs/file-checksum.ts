/**
 * HDFS's own checksum of a file, computed here from the bytes that are sent: the MD5 of, for each HDFS block, the
 * MD5 of the CRCs of its chunks (`MD5-of-<chunks a block>MD5-of-<bytes a chunk>CRC32C`).
 */
import { createHash } from 'node:crypto'
import { crc32c } from '../../archive/crc32c.ts'
import type { FileChecksum } from './web-hdfs.ts'

/** As HDFS has it unless `dfs.bytes-per-checksum` says otherwise. */
const CHUNK_BYTES = 512
const CRC_BYTES = 4

export class RunningChecksum {
  readonly #crcs: Buffer[] = []
  /** The part of a chunk that did not fit into what was seen. */
  #rest = Buffer.alloc(0)

  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of chunks) {
      this.#add(bytes)
      yield bytes
    }
  }

  /** False, too, when it is of a kind that is not known here. */
  matches({ algorithm, bytes }: FileChecksum, blockBytes: number): boolean {
    const isKnown = algorithm.endsWith(`MD5-of-${CHUNK_BYTES}CRC32C`) && blockBytes % CHUNK_BYTES === 0
    // Bytes: the chunk's size (4), chunks a block (8), the MD5 (16), and more in newer versions.
    return isKnown && bytes.slice(24, 56) === this.#digest(blockBytes)
  }

  #add(bytes: Uint8Array): void {
    const missing = this.#rest.length > 0 ? Math.min(CHUNK_BYTES - this.#rest.length, bytes.length) : 0
    const begun = Buffer.concat([this.#rest, bytes.subarray(0, missing)])
    const whole = bytes.length - missing - ((bytes.length - missing) % CHUNK_BYTES)
    if (begun.length === CHUNK_BYTES) this.#crcs.push(crcsOf(begun))
    if (whole > 0) this.#crcs.push(crcsOf(bytes.subarray(missing, missing + whole)))
    const rest = bytes.subarray(missing + whole)
    // Copied, since the bytes' memory may be used again.
    this.#rest = begun.length < CHUNK_BYTES && missing > 0 ? begun : Buffer.from(rest)
  }

  #digest(blockBytes: number): string {
    const crcs = Buffer.concat(this.#rest.length > 0 ? [...this.#crcs, crcsOf(this.#rest)] : this.#crcs)
    const step = (blockBytes / CHUNK_BYTES) * CRC_BYTES
    const digests: Buffer[] = []
    for (let from = 0; from < crcs.length; from += step) digests.push(md5(crcs.subarray(from, from + step)))
    return md5(asInJava(digests)).toString('hex')
  }
}

/** Big-endian, one for each chunk; only the last may be short. */
function crcsOf(bytes: Uint8Array): Buffer {
  const crcs = Buffer.allocUnsafe(CRC_BYTES * Math.ceil(bytes.length / CHUNK_BYTES))
  for (let from = 0, at = 0; from < bytes.length; from += CHUNK_BYTES, at += CRC_BYTES)
    crcs.writeInt32BE(crc32c(bytes, from, Math.min(from + CHUNK_BYTES, bytes.length)), at)
  return crcs
}

/** Hadoop digests the whole of a buffer that began with 32 bytes and was doubled when it was full. */
function asInJava(digests: readonly Buffer[]): Buffer {
  const content = Buffer.concat(digests)
  let capacity = 32
  while (capacity < content.length) capacity *= 2
  return Buffer.concat([content], capacity)
}

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest()
}
