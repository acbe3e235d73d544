/** How much room the data folder has, in a sentence. */
import type { Status } from '../run/read-status.ts'
import { formatBytes } from './text-table.ts'

export function describeDisk(path: string, { failure, freeBytes, sizeBytes }: Status['disk']): string {
  if (failure || freeBytes === undefined || sizeBytes === undefined)
    return `Data folder: ${path}: its drive cannot be asked: ${failure?.message}`
  return `Data folder: ${path}, ${formatBytes(freeBytes)} of ${formatBytes(sizeBytes)} free on its drive.`
}
