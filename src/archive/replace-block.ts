/** Commits what becomes of a block that is lost: what a log still holds of its lines, and that the others are lost for good. */
import { appendAll } from '../core/append-all.ts'
import type { Block } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import { printRanges } from '../core/incident.ts'
import type { BlockLoss } from '../ports/archive.ts'
import { packBatches } from './append-batches.ts'
import type { BlockLimits } from './append-inputs.ts'
import type { SourceWriter } from './source-writer.ts'

/** `generations` is by how many the commit is newer. Errors: ARCHIVE_*, LOSS_MOVED. */
export async function replaceBlock(
  writer: SourceWriter,
  limits: BlockLimits,
  { block, lost, held }: BlockLoss,
  generations = 1,
): Promise<void> {
  const { manifest } = writer
  const at = manifest.blocks.findIndex(({ name, sha256 }) => name === block.name && sha256 === block.sha256)
  if (at < 0) throw moved(manifest.source, block)
  const made: Block[] = []
  for (const lines of held) appendAll(made, await packBatches(writer, limits, lines))
  const all = [...(manifest.lost ?? []), ...lost].sort((a, b) => a.fromOffset - b.fromOffset)
  await writer.commit({
    manifest: {
      ...manifest,
      generation: manifest.generation + generations,
      blocks: [...manifest.blocks.slice(0, at), ...made, ...manifest.blocks.slice(at + 1)],
      ...(all.length > 0 && { lost: all }),
    },
  })
}

/** Somebody has put another block in its place meanwhile. */
function moved(source: string, { firstOffset: fromOffset, endOffset }: Block): MillraceError {
  const shown = printRanges([{ fromOffset, endOffset }])
  return new MillraceError('LOSS_MOVED', { source, shown, found: 'of another block' })
}
