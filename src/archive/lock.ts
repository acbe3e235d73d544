/** A lock between processes that outlives no process: after a kill -9 it is free again. */
import { open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../core/error.ts'
import { realDisk, unwritable } from './disk.ts'
import { identityOf, isAlive } from './process-identity.ts'
import { ifThere } from './unreadable.ts'

export type Release = () => Promise<void>

export interface Holder {
  readonly pid: number
  /** RFC 3339, or `just now` when the holder is only taking it. */
  readonly since: string
}

const ATTEMPTS = 12

/** Keeps a second process out of a data folder. Errors: DATA_LOCKED, ARCHIVE_UNWRITABLE. */
export async function acquireLock(folder: string, purpose: string): Promise<Release> {
  const taken = await takeLock(folder)
  if (typeof taken === 'function') return taken
  throw new MillraceError('DATA_LOCKED', { path: folder, purpose, ...taken })
}

/**
 * The lock is a folder in which each contender makes an entry of its own and then looks for others: of two
 * that come at once at least one sees the other, so never do both hold it. An entry's name says which process
 * made it, so a dead one's can be removed at any time without a race. Whoever sees a live entry steps back.
 */
export async function takeLock(folder: string): Promise<Release | Holder> {
  await realDisk.makeFolder(folder)
  const own = identityOf(process.pid)
  for (let attempt = 1; ; attempt++) {
    const holder = await claim(folder, own)
    if (holder === undefined) return () => rm(join(folder, own), { force: true })
    // Another one that is only claiming may step back as well, so both try again at different moments.
    if (holder.since !== CLAIMING || attempt === ATTEMPTS) return holder
    await sleep(Math.random() * 10 * attempt)
  }
}

/** Frees a lock that this process took under another name of its folder. */
export async function dropLock(folder: string): Promise<void> {
  await rm(join(folder, identityOf(process.pid)), { force: true })
}

const CLAIMING = 'just now'

async function claim(folder: string, own: string): Promise<Holder | undefined> {
  const path = join(folder, own)
  const entry = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined
    throw unwritable(folder, error)
  })
  if (entry === undefined) return describe(folder, own)
  try {
    const holder = await findOther(folder, own)
    if (holder === undefined) await entry.writeFile(new Date().toISOString())
    else await rm(path, { force: true })
    return holder
  } catch (error) {
    await rm(path, { force: true })
    throw unwritable(folder, error)
  } finally {
    await entry.close()
  }
}

async function findOther(folder: string, own: string): Promise<Holder | undefined> {
  for (const name of await readdir(folder)) {
    if (name === own) continue
    if (isAlive(name)) return describe(folder, name)
    await rm(join(folder, name), { force: true })
  }
  return undefined
}

/** Somebody holds it at this moment, or is taking it. */
export async function isHeld(folder: string): Promise<boolean> {
  return (await holderOf(folder)) !== undefined
}

/** The process that holds it at this moment, or is taking it. */
export async function holderOf(folder: string): Promise<number | undefined> {
  const name = ((await ifThere(folder, readdir(folder))) ?? []).find(isAlive)
  return name === undefined ? undefined : Number.parseInt(name, 10)
}

/** This process holds it, as far as its folder tells: not where the folder was deleted or replaced meanwhile. Errors: DATA_UNREADABLE. */
export async function isMine(folder: string): Promise<boolean> {
  const names = (await ifThere(folder, readdir(folder))) ?? []
  return names.includes(identityOf(process.pid))
}

async function describe(folder: string, name: string): Promise<Holder> {
  const since = await readFile(join(folder, name), 'utf8').catch(() => '')
  return { pid: Number.parseInt(name, 10), since: since || CLAIMING }
}
