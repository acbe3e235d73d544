/** Scratch folders that a later process clears away when theirs was killed. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { unwritable } from './disk.ts'
import { isOrphan, ownedName } from './owned-name.ts'

/** A new empty folder below `parent`, where those of dead processes are removed; `label` is for people. */
export async function makeOwnedFolder(parent: string, label: string): Promise<string> {
  await mkdir(parent, { recursive: true }).catch((error) => Promise.reject(unwritable(parent, error)))
  for (const left of (await readdir(parent)).filter(isOrphan))
    await rm(join(parent, left), { recursive: true, force: true })
  const path = join(parent, ownedName(label))
  await mkdir(path).catch((error) => Promise.reject(unwritable(path, error)))
  return path
}
