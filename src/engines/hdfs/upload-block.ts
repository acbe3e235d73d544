/** Puts a packed block into HDFS and makes sure that what lies there is what was sent. */
import { stat } from 'node:fs/promises'
import { blockName } from '../../archive/block-name.ts'
import { type FileDigest, RunningDigest, readChunks } from '../../archive/read-file.ts'
import type { PackedBlock } from '../../archive/source-writer.ts'
import type { Block } from '../../core/block.ts'
import { MillraceError } from '../../core/error.ts'
import { RunningChecksum } from './file-checksum.ts'
import { isContentFault } from './storage-failure.ts'
import type { WebHdfs } from './web-hdfs.ts'

export interface Storing {
  readonly replication?: number | undefined
  readonly blockSizeBytes?: number | undefined
}

const ATTEMPTS = 3

interface Sent {
  readonly digest: FileDigest
  readonly checksum: RunningChecksum
}

/**
 * Uploads to `<prefix><attempt>` and gives that path. The SHA-256 is that of the bytes as they were sent.
 * Errors: ARCHIVE_*.
 */
export async function uploadBlock(
  hdfs: WebHdfs,
  packed: PackedBlock,
  prefix: string,
  storing: Storing,
): Promise<{ uploaded: string; block: Block }> {
  for (let attempt = 1; ; attempt++) {
    const uploaded = `${prefix}${attempt}`
    const sent = await send(hdfs, packed.path, uploaded, storing)
    const fault = await faultOf(hdfs, uploaded, sent)
    if (fault === undefined) return { uploaded, block: describe(packed, sent.digest) }
    await hdfs.remove(uploaded)
    if (attempt < ATTEMPTS) continue
    throw new MillraceError('ARCHIVE_STORAGE_FAILED', { address: hdfs.address, path: uploaded, why: fault })
  }
}

function describe({ firstOffset, lines, rawBytes }: PackedBlock, digest: FileDigest): Block {
  const endOffset = firstOffset + lines
  return { name: blockName(firstOffset, endOffset), firstOffset, endOffset, rawBytes, ...digest }
}

async function send(hdfs: WebHdfs, from: string, to: string, storing: Storing): Promise<Sent> {
  const { size: bytes } = await stat(from)
  let [digest, checksum] = [new RunningDigest(), new RunningChecksum()]
  const chunks = () => {
    ;[digest, checksum] = [new RunningDigest(), new RunningChecksum()]
    return checksum.watch(digest.watch(readChunks(from)))
  }
  await hdfs.create(to, { bytes, chunks, ...storing })
  return { digest: digest.result(), checksum }
}

/**
 * The length, then HDFS's own checksum, for which DataNodes read no data: it covers the way of the bytes to the
 * replicas. Where it does not agree, or is of a kind that is not known here, everything is read back.
 */
async function faultOf(hdfs: WebHdfs, path: string, { digest, checksum }: Sent): Promise<string | undefined> {
  const [status, stored] = await Promise.all([hdfs.status(path), hdfs.checksum(path)])
  if (status?.length !== digest.fileBytes)
    return `it has ${status?.length ?? 0} bytes of the ${digest.fileBytes} that were sent`
  if (checksum.matches(stored, status.blockSize)) return undefined
  if (await isReadBack(hdfs, path, digest)) return undefined
  return 'what lies there is not what was sent'
}

async function isReadBack(hdfs: WebHdfs, path: string, { fileBytes, sha256 }: FileDigest): Promise<boolean> {
  const read = await readDigest(hdfs, path, fileBytes).catch((error: unknown) => {
    if (isContentFault(error)) return undefined
    throw error
  })
  return read?.sha256 === sha256
}

export function readDigest(hdfs: WebHdfs, path: string, length: number): Promise<FileDigest> {
  return hdfs.read(path, { offset: 0, length }, async (chunks) => {
    const digest = new RunningDigest()
    for await (const _ of digest.watch(chunks)) {
      // The chunks are only watched.
    }
    return digest.result()
  })
}
