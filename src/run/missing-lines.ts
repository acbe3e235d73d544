/** Which lines of a source are nowhere: the archive does not reach them, and the log holds them no longer. */
import type { Manifest } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import { printRanges } from '../core/incident.ts'
import type { OffsetRange } from '../core/lost-lines.ts'
import type { LogSource } from '../ports/log.ts'

/**
 * Ascending and disjoint, by what archive and log say of themselves at this moment. `counted` is the offset up to which
 * the report has lines: of a source whose log was deleted it alone knows how many there were.
 */
export function missingLines(
  manifest: Pick<Manifest, 'nextOffset'> | undefined,
  log: LogSource | undefined,
  counted = 0,
): OffsetRange[] {
  const archived = manifest?.nextOffset ?? 0
  const before = { fromOffset: archived, endOffset: log?.startOffset ?? counted }
  const missing: OffsetRange[] = []
  for (const { fromOffset, endOffset } of [before, ...(log?.gone ?? [])]) {
    const last = missing.at(-1)
    const from = Math.max(fromOffset, archived)
    if (from >= endOffset) continue
    if (last?.endOffset === from) missing[missing.length - 1] = { ...last, endOffset }
    else missing.push({ fromOffset: from, endOffset })
  }
  return missing
}

/** Of lines that somebody needed; `needed` where no other is known to be missing. */
export function linesMissing(
  source: string,
  missing: readonly OffsetRange[],
  needed: OffsetRange,
): MillraceError {
  const ranges = missing.length > 0 ? missing : [needed]
  const lines = ranges.reduce((sum, { fromOffset, endOffset }) => sum + endOffset - fromOffset, 0)
  return new MillraceError('LOG_LINES_MISSING', { source, lines, offsets: printRanges(ranges) })
}
