/** How far totals are behind the archive: lines that came after the cut of the run that made them. */
import type { Manifest } from './block.ts'
import type { RunRecord } from './run-record.ts'

/**
 * The number of lines, or `other archive` when the totals were made from one that is no longer there; undefined
 * where the run or the archive is not known.
 */
export function linesBehind(
  run: RunRecord | undefined,
  manifest: Manifest | undefined,
  source: string,
): number | 'other archive' | undefined {
  const cut = run?.sources.find((one) => one.source === source)
  if (!cut || !manifest) return undefined
  if (manifest.incarnation !== cut.incarnation) return 'other archive'
  return Math.max(manifest.nextOffset - cut.cut, 0)
}
