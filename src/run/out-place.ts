/** Where a command may write what its user names: never over what Millrace keeps, nor over what is no file. */
import type { Stats } from 'node:fs'
import { lstat, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { MillraceError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'

export interface OutPlace {
  /** Links are followed, so that what replaces a file takes the place of the file itself. */
  readonly path: string
  /** A pipe, a device or an open file, which is written into. */
  readonly isStream: boolean
}

/** What a command works with. */
export interface OwnPlaces {
  readonly definition?: string
  /** Data folder and mirror. */
  readonly folders: readonly string[]
}

/** Errors: CLI_OUT_REFUSED. */
export async function findOutPlace(out: string, own: OwnPlaces): Promise<OutPlace> {
  const found = await look(out)
  if (found?.isFIFO() || found?.isCharacterDevice()) return { path: out, isStream: true }
  if (found?.isDirectory()) throw refused(out, 'it is a folder')
  if (found && !found.isFile()) throw refused(out, 'it is neither a file nor a pipe')
  const path = found ? await realpath(out) : join(await realFolder(dirname(out)), basename(out))
  for (const folder of own.folders) {
    if (path.startsWith(`${await realFolder(folder)}${sep}`))
      throw refused(out, `it lies in ${folder}, where Millrace keeps its data`)
  }
  if (own.definition !== undefined && path === (await realFolder(own.definition)))
    throw refused(out, 'it is the definition')
  // The shell may have put this file where a terminal or a pipe else is.
  return DESCRIPTORS.test(resolve(out)) ? { path: out, isStream: true } : { path, isStream: false }
}

const DESCRIPTORS = /^\/(dev\/(stdin|stdout|stderr|fd\/)|proc\/)/

/** Undefined where nothing is. */
async function look(out: string): Promise<Stats | undefined> {
  try {
    return await stat(out)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw refused(out, systemReason(error))
    const isLink = await lstat(out).then(
      () => true,
      () => false,
    )
    if (isLink) throw refused(out, 'it is a link that leads nowhere')
    return undefined
  }
}

/** As it is written, where nothing is. */
async function realFolder(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path))
}

function refused(path: string, why: string): MillraceError {
  return new MillraceError('CLI_OUT_REFUSED', { path, why })
}
