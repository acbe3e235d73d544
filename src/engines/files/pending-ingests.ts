/** Ingests whose caller has not yet been told of the result: a repeat of one is a retry, not new lines. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { IngestResult } from '../../ports/archive.ts'
import { type Disk, replaceFiles } from './disk.ts'
import { digits, type SourceFolder } from './source-folder.ts'

export interface PendingIngest {
  /** The manifest that commits it; until that generation is reached it has not happened. */
  readonly generation: number
  /** SHA-256 over the contents of its inputs, in order. */
  readonly digest: string
  readonly result: IngestResult
}

/** One file each, so that acknowledging needs no lock. Unreadable ones are passed over. */
export async function readPending({ pending }: SourceFolder): Promise<PendingIngest[]> {
  const names = (await readdir(pending).catch(() => [])).filter((name) => name.endsWith('.json')).sort()
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
  } catch {
    return undefined
  }
}
