/** Commits what is known of the times at which a source's lines were observed; its blocks stay as they are. */
import type { ClockFacts } from '../ports/archive.ts'
import type { SourceWriter } from './source-writer.ts'

/** Errors: ARCHIVE_*. */
export async function setClock(writer: SourceWriter, clock: ClockFacts): Promise<void> {
  const { manifest } = writer
  await writer.commit({ manifest: { ...manifest, ...clock, generation: manifest.generation + 1 } })
}
