/** A file of the archive that is not as its manifest says, in a sentence. */
import type { ArchiveFinding } from '../ports/archive.ts'

export function describeFinding({
  source,
  block,
  copy,
  fault,
  outcome,
}: ArchiveFinding & { readonly source: string }): string {
  const what = `${source}: ${block}${copy === 'mirror' ? ' of the mirror' : ''}`
  const next = outcome === 'healed' ? '`millrace scrub` puts it right.' : 'Restore it from a backup.'
  switch (fault) {
    case 'unnamed':
      return `${what} is named by no manifest: an ingest that did not end left it, or a manifest was removed.\n`
    case 'outdated':
      return `${what} was put back to an older state; a newer copy of it is used. ${next}\n`
    default:
      return `${what} is ${fault}. ${next}\n`
  }
}
