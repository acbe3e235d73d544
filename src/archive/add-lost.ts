/** Commits that lines are lost: the archive goes on after them, and no block will ever hold them. */
import { MillraceError } from '../core/error.ts'
import type { LossFacts } from '../ports/archive.ts'
import type { SourceWriter } from './source-writer.ts'

/** `generations` is by how many the commit is newer. Errors: ARCHIVE_*. */
export async function addLost(
  writer: SourceWriter,
  { lost, incarnation }: LossFacts,
  generations = 1,
): Promise<void> {
  const { manifest } = writer
  const { source, nextOffset, generation } = manifest
  if (lost.fromOffset !== nextOffset)
    throw new MillraceError('ARCHIVE_GAP', { source, end: nextOffset, first: lost.fromOffset })
  await writer.commit({
    manifest: {
      ...manifest,
      // Offsets go on as the report knows them, so it is the same archive to it.
      ...(nextOffset === 0 && incarnation !== undefined && { incarnation }),
      generation: generation + generations,
      nextOffset: lost.endOffset,
      lost: [...(manifest.lost ?? []), lost],
    },
  })
}
