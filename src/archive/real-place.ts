/** Where a path leads once all links in it are followed, whether or not something is there yet. */
import { realpathSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { readFault } from './unreadable.ts'

/** Errors: DATA_UNREADABLE. */
export function realPlace(path: string): string {
  const whole = resolve(path)
  for (let folder = whole; ; folder = dirname(folder)) {
    try {
      return join(realpathSync(folder), relative(folder, whole))
    } catch (error) {
      if (readFault(folder, error) !== 'missing' || folder === dirname(folder)) throw error
    }
  }
}
