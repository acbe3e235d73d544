/** The few acts by which the archive changes a disk; durability is stated here and nowhere else. */
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { MillraceError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'
import { isFolder, userName } from './unreadable.ts'

/**
 * Nothing is durable until it was synced: a file's bytes by `syncFile`, a name (made, renamed, removed) by
 * `syncFolder` on the folder that holds it. Errors: ARCHIVE_UNWRITABLE.
 */
export interface Disk {
  makeFolder(path: string): Promise<void>
  /** Makes or replaces a file. */
  writeFile(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>
  syncFile(path: string): Promise<void>
  syncFolder(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file or folder; a missing one is fine. */
  remove(path: string): Promise<void>
}

export const realDisk: Disk = {
  makeFolder: (path) => refuseUnwritable(path, () => makeDurableFolder(path)),
  writeFile: (path, content) =>
    refuseUnwritable(path, async () => {
      const file = await open(path, 'w')
      try {
        for await (const bytes of content) await file.writeFile(bytes)
      } finally {
        await file.close()
      }
    }),
  syncFile: (path) => refuseUnwritable(path, () => sync(path, 'r+')),
  syncFolder: (path) => refuseUnwritable(path, () => sync(path, 'r')),
  rename: (from, to) => refuseUnwritable(to, () => rename(from, to)),
  remove: (path) => refuseUnwritable(path, () => rm(path, { recursive: true, force: true })),
}

async function sync(path: string, flags: string): Promise<void> {
  const file = await open(path, flags)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * A new folder's name lives in its parent, so the parent is synced. Each level is made by itself: Node's
 * recursive form never returns on a file system such as /proc, which answers ENOENT to everything.
 */
async function makeDurableFolder(path: string, isAgain = false): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await isFolder(path))) return
    const parent = dirname(resolve(path))
    const hasParent = await isFolder(parent)
    // Another ingest may have made the parent since; what fails twice fails for good.
    if (code !== 'ENOENT' || (hasParent && isAgain)) throw error
    if (!hasParent) await makeDurableFolder(parent)
    return makeDurableFolder(path, true)
  }
  await sync(dirname(resolve(path)), 'r')
}

/** Writes whole files of one text, so that a crash leaves each with its old content or the new. */
export async function replaceFiles(disk: Disk, folder: string, names: readonly string[], text: string) {
  for (const name of names) {
    await disk.writeFile(join(folder, `${name}.tmp`), [Buffer.from(text)])
    await disk.syncFile(join(folder, `${name}.tmp`))
  }
  for (const name of names) await disk.rename(join(folder, `${name}.tmp`), join(folder, name))
  await disk.syncFolder(folder)
}

async function refuseUnwritable<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** The error for a failed write; errors that were made for users already pass through. */
export function unwritable(path: string, error: unknown): unknown {
  if (error instanceof MillraceError || !(error instanceof Error)) return error
  return new MillraceError(
    'ARCHIVE_UNWRITABLE',
    { path, user: userName(), why: whyOf(error) },
    { cause: error },
  )
}

/** An engine tells only a text. */
function whyOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EEXIST') return 'a file stands where a folder is needed'
  return systemReason(/No space left/i.test(error.message) ? { code: 'ENOSPC' } : error)
}
