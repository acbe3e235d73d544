/** Inputs of bytes for an archive, and the lines that it gives back. */
import type { Archive, IngestInput } from '../../src/ports/archive.ts'
import { readWithDuckdb, type StoredLine } from './read-block.ts'

export interface ArchiveFixture {
  /** A handle on the fixture's storage as a new process would open it, with blocks of about 1 KiB. */
  open(): Archive
  remove(): Promise<void>
}

export function inputOf(name: string, ...chunks: (string | Uint8Array)[]): IngestInput {
  return {
    name,
    async *open() {
      for (const chunk of chunks) yield Buffer.from(chunk)
    },
  }
}

/** Every line of a source in the order of its blocks. */
export async function linesOf(
  archive: Archive,
  source: string,
  read = readWithDuckdb,
): Promise<StoredLine[]> {
  const manifest = await archive.manifest(source)
  const lines: StoredLine[] = []
  for (const block of manifest?.blocks ?? [])
    lines.push(...(await read(await archive.verifiedPath(source, block))))
  return lines
}

export async function textsOf(archive: Archive, source: string): Promise<string[]> {
  return (await linesOf(archive, source)).map(({ raw }) => raw.toString())
}
