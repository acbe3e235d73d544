/** The room on the drive that holds a folder, or will hold it. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DiskState } from '../run/read-status.ts'

/** A folder that is not there yet is made where its parent is. */
export async function readDisk(folder: string): Promise<DiskState> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder)
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!isMissing || dirname(folder) === folder) throw error
    return readDisk(dirname(folder))
  }
}
