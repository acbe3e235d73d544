/** How much room the drive below a folder has. */
import { statfsSync } from 'node:fs'

export interface DriveRoom {
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Undefined where the system does not tell, as some network drives do. */
export function readDriveRoom(folder: string): DriveRoom | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return blocks > 0 ? { freeBytes: bavail * bsize, totalBytes: blocks * bsize } : undefined
  } catch {
    return undefined
  }
}
