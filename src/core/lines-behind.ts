/** How far totals are behind the archive: lines that neither the run that made them nor their stream has counted. */
import type { Manifest } from './block.ts'
import type { RunRecord } from './run-record.ts'

/**
 * The number of lines, or `other archive` when the totals were made from one that is no longer there; undefined
 * where neither a run nor a stream is known, or no archive.
 */
export function linesBehind(
  run: RunRecord | undefined,
  manifest: Manifest | undefined,
  source: string,
  streamedTo = 0,
): number | 'other archive' | undefined {
  const cut = run?.sources.find((one) => one.source === source)
  if (!manifest || (!cut && streamedTo === 0)) return undefined
  if (cut && manifest.incarnation !== cut.incarnation) return 'other archive'
  return Math.max(manifest.nextOffset - Math.max(cut?.cut ?? 0, streamedTo), 0)
}
