/** The use case of a scrub: every block of every source, or of those named, checked and healed. */
import type { Archive, ScrubReport } from '../ports/archive.ts'

export async function scrubArchive(archive: Archive, sources?: readonly string[]): Promise<ScrubReport[]> {
  const reports: ScrubReport[] = []
  for (const source of sources ?? (await archive.sources())) reports.push(await archive.scrub(source))
  return reports
}
