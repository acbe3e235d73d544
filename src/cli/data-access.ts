/** Who may read what commands make in the data folder: its owner alone, unless the definition or the folder says more. */
import { stat } from 'node:fs/promises'
import { ifThere } from '../archive/unreadable.ts'

const OWNER_ALONE = 0o700

/** As the shell gave it to this process. */
let userMask: number | undefined

/**
 * Sets the mask of this process and its children for files and folders that are made from now on, by whatever library.
 * What is there stays as it is: a folder that others may read has new files that they may read too.
 */
export async function limitAccess(dataDir: string, declared: number | undefined): Promise<void> {
  userMask ??= process.umask()
  const found = await ifThere(dataDir, stat(dataDir))
  if (found && declared === undefined) process.umask(userMask | maskOf(found.mode))
  else process.umask(maskOf(declared ?? OWNER_ALONE))
}

/** For a file that the user has named, outside the data folder. */
export function restoreAccess(): void {
  if (userMask !== undefined) process.umask(userMask)
}

/** The owner keeps every right. */
function maskOf(mode: number): number {
  return ~mode & 0o077
}
