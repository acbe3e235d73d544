/** Tells the data folders of all machines apart that work on one archive. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unwritable } from '../../archive/disk.ts'

/** Random and kept in the folder, since folders on several machines may have the same path. */
export async function dataFolderId(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'spool')
  const path = join(folder, 'id')
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(path, randomBytes(8).toString('hex'), { flag: 'wx' }).catch(ignoreExisting)
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw unwritable(folder, error)
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
