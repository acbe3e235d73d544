/** A folder for what an engine stages, on a file system that the engine's machines share with this one. */
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { makeOwnedFolder } from '../../archive/owned-folder.ts'
import type { SharedFolder } from '../../ports/archive.ts'

/** A new folder below `parent`, where those of dead runs are removed. */
export async function openSharedFolder(parent: string, name: string): Promise<SharedFolder> {
  const path = await makeOwnedFolder(parent, name)
  return {
    uri: fileUri(path),
    fetch: (name, localFolder) => copyFiles(join(path, name), localFolder),
    remove: () => rm(path, { recursive: true, force: true }),
  }
}

/** Three slashes and every odd character escaped, as Hadoop's readers want it. */
export function fileUri(path: string): string {
  return pathToFileURL(path).href
}

async function copyFiles(from: string, to: string): Promise<string[]> {
  const entries = await readdir(from, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  await mkdir(to, { recursive: true })
  return Promise.all(
    names.sort().map(async (name) => {
      await copyFile(join(from, name), join(to, name))
      return join(to, name)
    }),
  )
}
