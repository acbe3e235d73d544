/** The first bytes of a log file, unpacked when it is gzip. */
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { constants, createGunzip } from 'node:zlib'
import { MillraceError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'

const HEAD_BYTES = 1_048_576

/** At most about a mebibyte, with the time the file was last changed. Errors: CLI_UNREADABLE. */
export async function readHead(
  file: string,
): Promise<{ name: string; head: Uint8Array; modifiedMs: number }> {
  try {
    const { head, modifiedMs } = await readStart(file)
    const isGzip = head[0] === 0x1f && head[1] === 0x8b
    return { name: file, head: isGzip ? await unpackStart(head) : head, modifiedMs }
  } catch (error) {
    throw new MillraceError('CLI_UNREADABLE', { file, why: systemReason(error) }, { cause: error })
  }
}

async function readStart(file: string): Promise<{ head: Buffer; modifiedMs: number }> {
  const handle = await open(file)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return { head: buffer.subarray(0, bytesRead), modifiedMs: (await handle.stat()).mtimeMs }
  } finally {
    await handle.close()
  }
}

/** The packed head is cut somewhere, so what came out before the cut is taken as it is. */
async function unpackStart(packed: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  const unpacked = Readable.from([packed]).pipe(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }))
  for await (const chunk of unpacked) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= HEAD_BYTES) break
  }
  return Buffer.concat(chunks)
}
