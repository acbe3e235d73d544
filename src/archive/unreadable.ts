/** What may not be there is looked at, and a look that the system refuses is never taken for one that finds nothing. */
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { MillraceError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'

/** Undefined where nothing is. Errors: DATA_UNREADABLE. */
export async function ifThere<T>(path: string, look: Promise<T>): Promise<T | undefined> {
  try {
    return await look
  } catch (error) {
    if (readFault(path, error) === 'missing') return undefined
    throw unreadable(path, error)
  }
}

/** Something has this path. Errors: DATA_UNREADABLE. */
export async function isThere(path: string): Promise<boolean> {
  return (await ifThere(path, stat(path))) !== undefined
}

/** Errors: DATA_UNREADABLE. */
export async function isFolder(path: string): Promise<boolean> {
  return (await ifThere(path, stat(path)))?.isDirectory() ?? false
}

/** What is wrong with a file that could not be read. Errors: DATA_UNREADABLE, where nothing is known of it. */
export function readFault(path: string, error: unknown): 'missing' | 'damaged' {
  const { code = '' } = error as NodeJS.ErrnoException
  if (MISSING.includes(code)) return 'missing'
  if (DAMAGED.includes(code)) return 'damaged'
  throw unreadable(path, error)
}

const MISSING: readonly string[] = ['ENOENT', 'ENOTDIR']
/** The disk's own word, and a content that is none; an error without a code is of this program's reader. */
const DAMAGED: readonly string[] = ['EIO', 'EISDIR', '']

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof MillraceError) return error
  const params = { path, user: userName(), why: systemReason(error) }
  return new MillraceError('DATA_UNREADABLE', params, { cause: error })
}

/** For an error that nobody expected where it arose: the system's refusal is no fault of the program. */
export function refusalOf(error: unknown): MillraceError | undefined {
  const { code = '', path } = error as NodeJS.ErrnoException
  if (!(error instanceof Error) || !REFUSALS.includes(code)) return undefined
  const params = { path: path ?? 'a file', user: userName(), why: systemReason(error) }
  return new MillraceError('SYSTEM_REFUSED', params, { cause: error })
}

const REFUSALS: readonly string[] = [
  'EACCES',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EPERM',
  'EROFS',
]

/** As whom this process looks. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    // An id that no table of users names.
    return `id ${process.geteuid?.() ?? 'unknown'}`
  }
}
