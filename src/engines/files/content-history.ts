/** Remembers what contents were ingested, so that the same file given twice can be pointed out. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Disk } from './disk.ts'
import { HISTORY, type SourceFolder } from './source-folder.ts'

export interface ContentEntry {
  readonly sha256: string
  readonly generation: number
}

/** Older contents are forgotten; this is a hint for people and no guard, so it is not synced either. */
const KEPT = 4096

/** Only contents of committed generations count. A damaged file is as good as an empty one. */
export async function readHistory({ root }: SourceFolder, generation: number): Promise<ContentEntry[]> {
  try {
    const entries = JSON.parse(await readFile(join(root, HISTORY), 'utf8')) as ContentEntry[]
    return entries.filter((entry) => entry.generation <= generation)
  } catch {
    return []
  }
}

export async function writeHistory(disk: Disk, { root }: SourceFolder, entries: readonly ContentEntry[]) {
  const path = join(root, HISTORY)
  await disk.writeFile(`${path}.tmp`, [Buffer.from(`${JSON.stringify(entries.slice(-KEPT))}\n`)])
  await disk.rename(`${path}.tmp`, path)
}

/** One digest for a sequence of contents; where one ends and the next begins matters. */
export function digestSequence(contents: readonly string[]): string {
  return createHash('sha256').update(contents.join('\n')).digest('hex')
}
