/**
 * HDFS's own checksum of a file, computed here from the bytes that were sent: the MD5 of, for each HDFS block, the
 * MD5 of the CRCs of its chunks (`MD5-of-<chunks a block>MD5-of-<bytes a chunk>CRC32C`).
 */
import { createHash, type Hash } from 'node:crypto'
import { crc32c } from './crc32c.ts'
import type { FileChecksum } from './web-hdfs.ts'

/** False, too, when it is of a kind that is not known here. */
export async function matchesChecksum(
  { algorithm, bytes }: FileChecksum,
  blockBytes: number,
  content: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  const found = /^MD5-of-\d+MD5-of-(\d+)CRC32C$/.exec(algorithm)
  const chunkBytes = Number(found?.[1])
  // Bytes: the chunk's size (4), chunks a block (8), the MD5 (16), and more in newer versions.
  if (!found || bytes.length < 56 || blockBytes % chunkBytes !== 0) return false
  return (await digestOf(content, chunkBytes, blockBytes)) === bytes.slice(24, 56)
}

async function digestOf(
  content: AsyncIterable<Uint8Array>,
  chunkBytes: number,
  blockBytes: number,
): Promise<string> {
  const blocks: Buffer[] = []
  let block: Hash | undefined
  let [blockLeft, rest] = [0, new Uint8Array(0)]
  const addChunks = (bytes: Uint8Array) => {
    for (let from = 0; from < bytes.length; ) {
      if (!block) [block, blockLeft] = [createHash('md5'), blockBytes]
      const to = Math.min(from + blockLeft, bytes.length)
      block.update(crcsOf(bytes.subarray(from, to), chunkBytes))
      blockLeft -= to - from
      from = to
      if (blockLeft > 0) continue
      blocks.push(block.digest())
      block = undefined
    }
  }
  for await (const part of content) {
    const bytes: Uint8Array = rest.length > 0 ? Buffer.concat([rest, part]) : part
    const whole = bytes.length - (bytes.length % chunkBytes)
    addChunks(bytes.subarray(0, whole))
    // The part's memory may be used again for the next one.
    rest = Uint8Array.from(bytes.subarray(whole))
  }
  addChunks(rest)
  if (block) blocks.push(block.digest())
  return createHash('md5').update(asInJava(blocks)).digest('hex')
}

/** Hadoop digests the whole of a buffer that began with 32 bytes and was doubled when it was full. */
function asInJava(digests: readonly Buffer[]): Buffer {
  const content = Buffer.concat(digests)
  let capacity = 32
  while (capacity < content.length) capacity *= 2
  return Buffer.concat([content], capacity)
}

/** Big-endian, one for each chunk; only the last may be short. */
function crcsOf(bytes: Uint8Array, chunkBytes: number): Buffer {
  const crcs = Buffer.allocUnsafe(4 * Math.ceil(bytes.length / chunkBytes))
  for (let from = 0, at = 0; from < bytes.length; from += chunkBytes, at += 4)
    crcs.writeInt32BE(crc32c(bytes, from, Math.min(from + chunkBytes, bytes.length)), at)
  return crcs
}
