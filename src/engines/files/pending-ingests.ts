/** Files of the ingests whose caller has not yet been told of the result. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digits } from '../../archive/block-name.ts'
import { type Disk, replaceFiles } from '../../archive/disk.ts'
import type { PendingIngest } from '../../archive/source-writer.ts'
import { ifThere, readFault } from '../../archive/unreadable.ts'
import type { SourceFolder } from './source-folder.ts'

/** One file each, so that acknowledging needs no lock. One that is damaged is skipped. Errors: DATA_UNREADABLE. */
export async function readPending({ pending }: SourceFolder): Promise<PendingIngest[]> {
  const all = (await ifThere(pending, readdir(pending))) ?? []
  const names = all.filter((name) => name.endsWith('.json')).sort()
  const found = await Promise.all(names.map((name) => readOne(join(pending, name))))
  return found.filter((one) => one !== undefined)
}

export async function announcePending(disk: Disk, { pending }: SourceFolder, ingest: PendingIngest) {
  await replaceFiles(disk, pending, [fileName(ingest.generation)], `${JSON.stringify(ingest)}\n`)
}

export async function removePending(
  disk: Disk,
  { pending }: SourceFolder,
  generation: number,
): Promise<void> {
  await disk.remove(join(pending, fileName(generation)))
  await disk.syncFolder(pending)
}

function fileName(generation: number): string {
  return `${digits(generation)}.json`
}

async function readOne(path: string): Promise<PendingIngest | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as PendingIngest
  } catch (error) {
    readFault(path, error)
    return undefined
  }
}
