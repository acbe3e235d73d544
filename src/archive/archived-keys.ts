/**
 * The idempotency keys of batches that are archived, as a file that the manifest names, so that a log which is lost or put
 * back does not take a batch a second time.
 */
import { MillraceError } from '../core/error.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { KeyList } from '../ports/log.ts'
import { type ContentSegment, printSegment, type WrittenSegment } from './content-segments.ts'
import type { StoredManifest } from './manifest-text.ts'

/** What a commit has of keys; a file that holds the same already is named again. */
export function withKeys(
  { keys: known, generation }: StoredManifest,
  list: KeyList | undefined,
): { readonly keys: Pick<StoredManifest, 'keys'>; readonly written?: WrittenSegment } {
  if (!list) return { keys: known ? { keys: known } : {} }
  const written = printSegment(list.text, list.keys, generation + 1)
  if (written.segment.sha256 === known?.sha256) return { keys: { keys: known } }
  return { keys: { keys: { ...written.segment, lastMs: list.lastMs } }, written }
}

/**
 * Their text; undefined where the last was observed before `sinceMs`. `read` gives a file where it is whole. Errors:
 * ARCHIVE_CORRUPT_KEYS.
 */
export async function readKeys(
  { source, keys }: StoredManifest,
  sinceMs: number,
  read: (segment: ContentSegment) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (!keys || keys.lastMs < sinceMs) return undefined
  const text = await read(keys)
  if (text !== undefined) return text
  const { name, lastMs } = keys
  throw new MillraceError('ARCHIVE_CORRUPT_KEYS', { source, name, last: formatInstant(lastMs) })
}
