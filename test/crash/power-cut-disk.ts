/** A disk that knows what would be left of it after a power cut: only what was synced. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Disk, realDisk } from '../../src/archive/disk.ts'
import type { Random } from '../model/random.ts'

/** Files by identity (a path can come to name another file), folders by path. */
type Entry = { readonly file: string } | { readonly folder: string }

export interface Faults {
  /** The sync with this number does nothing. */
  readonly skippedSync?: number
  /** The act with this number, and all after it, fail: the power is gone. */
  readonly cutBefore?: number
}

/**
 * `least`: every unsynced name and byte is gone. `names`: names reached the disk, unsynced bytes did not. By chance: any
 * of the names and sectors that were not synced reached it.
 */
export type Survival = 'least' | 'names' | Random

/** What a drive writes whole or not at all. */
const SECTOR = 512

export class PowerCutDisk implements Disk {
  readonly #root: string
  readonly #faults: Faults
  readonly #names = new Map<string, Map<string, Entry>>()
  readonly #contents = new Map<string, Buffer>()
  acts = 0
  /** What was synced, in order. */
  readonly syncs: string[] = []

  /** What already lies under `root` is durable. */
  constructor(root: string, faults: Faults = {}) {
    this.#root = root
    this.#faults = faults
    this.#keepAll(root)
  }

  makeFolder(path: string): Promise<void> {
    return this.#act(async () => void mkdirSync(path, { recursive: true }))
  }

  writeFile(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    return this.#act(() => realDisk.writeFile(path, content))
  }

  syncFile(path: string): Promise<void> {
    return this.#sync(path, () => this.#contents.set(identityOf(path), readFileSync(path)))
  }

  syncFolder(path: string): Promise<void> {
    return this.#sync(path, () => this.#names.set(path, namesIn(path)))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#act(() => realDisk.rename(from, to))
  }

  remove(path: string): Promise<void> {
    return this.#act(() => realDisk.remove(path))
  }

  /** Replaces the folder by what a power cut would leave of it. */
  cutPower(survival: Survival): void {
    const left = `${this.#root}.left`
    this.#rebuild(this.#root, left, survival)
    rmSync(this.#root, { recursive: true })
    cpSync(left, this.#root, { recursive: true })
    rmSync(left, { recursive: true })
  }

  #act(act: () => Promise<void>): Promise<void> {
    const number = this.acts++
    return number >= (this.#faults.cutBefore ?? Number.POSITIVE_INFINITY)
      ? Promise.reject(new Error('the power is gone'))
      : act()
  }

  #sync(path: string, keep: () => void): Promise<void> {
    return this.#act(async () => {
      const number = this.syncs.push(path) - 1
      if (number !== this.#faults.skippedSync) keep()
    })
  }

  #keepAll(path: string): void {
    this.#names.set(path, namesIn(path))
    for (const [name, entry] of namesIn(path)) {
      if ('folder' in entry) this.#keepAll(entry.folder)
      else this.#contents.set(entry.file, readFileSync(join(path, name)))
    }
  }

  #rebuild(from: string, to: string, survival: Survival): void {
    mkdirSync(to)
    const synced = this.#names.get(from) ?? new Map<string, Entry>()
    // A folder whose removal did not reach the disk.
    const now = existsSync(from) ? namesIn(from) : new Map<string, Entry>()
    for (const name of new Set([...synced.keys(), ...now.keys()])) {
      const entry = this.#survivor(synced.get(name), now.get(name), survival)
      if (!entry) continue
      if ('folder' in entry) this.#rebuild(entry.folder, join(to, name), survival)
      else writeFileSync(join(to, name), this.#bytesLeft(entry.file, join(from, name), survival))
    }
  }

  #survivor(synced: Entry | undefined, now: Entry | undefined, survival: Survival): Entry | undefined {
    if (typeof survival === 'string') return survival === 'names' ? now : synced
    return survival.chance(0.5) ? now : synced
  }

  /** Bytes of a file whose name means another one by now are known only as far as they were synced. */
  #bytesLeft(file: string, path: string, survival: Survival): Buffer {
    const synced = this.#contents.get(file) ?? Buffer.alloc(0)
    if (typeof survival === 'string' || !existsSync(path) || identityOf(path) !== file) return synced
    return mixed(synced, readFileSync(path), survival)
  }
}

/** The length is the new one, or where the writing of it had come to. */
function mixed(synced: Buffer, now: Buffer, random: Random): Buffer {
  if (synced.equals(now) || random.chance(0.3)) return synced
  const left = Buffer.alloc(random.chance(0.5) ? now.length : random.int(0, now.length))
  synced.copy(left)
  for (let at = 0; at < left.length; at += SECTOR)
    if (random.chance(0.6)) now.copy(left, at, at, Math.min(at + SECTOR, left.length))
  return left
}

function namesIn(path: string): Map<string, Entry> {
  const entries = readdirSync(path, { withFileTypes: true }).map((entry): [string, Entry] => {
    const full = join(path, entry.name)
    return [entry.name, entry.isDirectory() ? { folder: full } : { file: identityOf(full) }]
  })
  return new Map(entries)
}

/** A number of an inode is given out again after a removal; with the time of birth it is not. */
function identityOf(path: string): string {
  const { ino, birthtimeNs } = statSync(path, { bigint: true })
  return `${ino}@${birthtimeNs}`
}
