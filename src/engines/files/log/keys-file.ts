/**
 * The file of the idempotency keys of batches before the last segment: a line that says how many there are, up to which
 * offset, and their checksum (CRC-32C), then a key a line. A key that is lost would let a batch that is sent again count
 * twice, so a file that is damaged, missing or older than the segments is never taken for one with fewer keys.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c } from '../../../archive/crc32c.ts'
import { MillraceError } from '../../../core/error.ts'
import { KeyIndex } from '../../../log/key-index.ts'
import type { SegmentHeader } from './batch-format.ts'

export const KEYS = 'keys.ndjson'

interface Head {
  readonly keys: number
  /** The offset where the next segment begins. */
  readonly end: number
  /** Eight hex digits. */
  readonly crc32c: string
}

export interface FoundKeys {
  readonly keys: KeyIndex
  readonly isThere: boolean
}

export function printKeys(keys: KeyIndex, endOffset: number): string {
  const lines = keys.print()
  return `${printHead({ keys: keys.size, end: endOffset, crc32c: checksum(Buffer.from(lines)) })}\n${lines}`
}

/** `segment` is the last one. Errors: LOG_KEYS_DAMAGED. */
export async function readKeys(source: string, folder: string, segment: SegmentHeader): Promise<FoundKeys> {
  const path = join(folder, KEYS)
  const { firstOffset, hasKeys } = segment
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => error)
  if (bytes instanceof Error && bytes.code === 'ENOENT' && !hasKeys)
    return { keys: new KeyIndex(), isThere: false }
  const keys = bytes instanceof Error ? whyUnread(bytes) : parseKeys(bytes, segment)
  if (typeof keys !== 'string') return { keys, isThere: true }
  const none = printHead({ keys: 0, end: firstOffset, crc32c: checksum(Buffer.alloc(0)) })
  throw new MillraceError('LOG_KEYS_DAMAGED', { source, path, why: keys, none })
}

function whyUnread({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'the file is missing' : message
}

/** Or why it cannot be trusted. */
function parseKeys(bytes: Buffer, { firstOffset, hasKeys }: SegmentHeader): KeyIndex | string {
  const keys = new KeyIndex()
  try {
    // Files of older versions have no first line of their own.
    if (bytes[0] === 0x5b && !hasKeys) keys.load(bytes.toString())
    else {
      const end = bytes.indexOf(0x0a) + 1
      const head = JSON.parse(bytes.toString('utf8', 0, end)) as Head
      const lines = bytes.subarray(end)
      if (head.crc32c !== checksum(lines)) return 'its checksum is wrong'
      keys.load(lines.toString())
      if (keys.size !== head.keys) return 'it does not hold all keys'
      if (!(head.end >= firstOffset)) return 'it is older than the last segment'
    }
    return keys
  } catch {
    return 'its text cannot be read'
  }
}

function printHead(head: Head): string {
  return JSON.stringify(head)
}

function checksum(bytes: Uint8Array): string {
  return (crc32c(bytes, 0, bytes.length) >>> 0).toString(16).padStart(8, '0')
}
