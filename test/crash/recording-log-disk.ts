/** A disk that remembers each act upon it, and can lay out any state that a power cut could have left. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type AppendFile, type LogDisk, realLogDisk } from '../../src/log/log-disk.ts'
import type { Random } from '../model/random.ts'

type Act =
  | { readonly kind: 'make' | 'remove' | 'syncFile' | 'syncFolder'; readonly path: string }
  | { readonly kind: 'cut'; readonly path: string; readonly length: number }
  | { readonly kind: 'write'; readonly path: string; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }

/** What a drive writes whole or not at all. */
const SECTOR = 512

export class RecordingLogDisk implements LogDisk {
  readonly acts: Act[] = []
  readonly #root: string
  /** The sync with this number does nothing, though whoever asked for it is told that it did. */
  readonly #skippedSync: number | undefined
  syncs = 0
  /** How many acts came before the sync that did nothing. */
  skippedAt = 0

  constructor(root: string, skippedSync?: number) {
    this.#root = root
    this.#skippedSync = skippedSync
  }

  async makeFolder(path: string): Promise<void> {
    await realLogDisk.makeFolder(path)
  }

  async writeFile(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = []
    for await (const part of content) parts.push(Buffer.from(part))
    await realLogDisk.writeFile(path, parts)
    this.acts.push({ kind: 'make', path }, { kind: 'write', path, position: 0, bytes: Buffer.concat(parts) })
  }

  async syncFile(path: string): Promise<void> {
    if (this.#counts()) this.acts.push({ kind: 'syncFile', path })
  }

  async syncFolder(path: string): Promise<void> {
    if (this.#counts()) this.acts.push({ kind: 'syncFolder', path })
  }

  async rename(from: string, to: string): Promise<void> {
    await realLogDisk.rename(from, to)
    this.acts.push({ kind: 'rename', path: from, to })
  }

  async remove(path: string): Promise<void> {
    await realLogDisk.remove(path)
    this.acts.push({ kind: 'remove', path })
  }

  /** What stands there already is written: no cut of the power changes it. */
  async rewrite(): Promise<void> {}

  async openAppend(path: string, length: number): Promise<AppendFile> {
    const file = await realLogDisk.openAppend(path, length)
    this.acts.push(length === 0 ? { kind: 'make', path } : { kind: 'cut', path, length })
    let position = length
    return {
      append: async (buffers) => {
        await file.append(buffers)
        const bytes = Buffer.concat(buffers)
        this.acts.push({ kind: 'write', path, position, bytes })
        position += bytes.length
      },
      sync: async () => {
        if (this.#counts()) this.acts.push({ kind: 'syncFile', path })
      },
      requireHeld: () => file.requireHeld(),
      close: () => file.close(),
    }
  }

  #counts(): boolean {
    if (this.syncs++ !== this.#skippedSync) return true
    this.skippedAt = this.acts.length
    return false
  }

  /** Writes into `to` what may be left of the root when the power goes before act `end`. */
  layOut(end: number, random: Random, to: string): void {
    rmSync(to, { recursive: true, force: true })
    mkdirSync(to, { recursive: true })
    for (const [path, bytes] of this.#survivors(end, random)) {
      const place = join(to, relative(this.#root, path))
      mkdirSync(dirname(place), { recursive: true })
      writeFileSync(place, bytes)
    }
  }

  /** Names and bytes are synced apart: a file is there when its name is, and holds what of its bytes is. */
  #survivors(end: number, random: Random): Map<string, Buffer> {
    const acts = this.acts.slice(0, end)
    const names = new Map<string, number>()
    const contents = new Map<number, Buffer>()
    const inodes = new Map<string, number>()
    for (const [index, act] of acts.entries()) {
      const inode = inodes.get(act.path)
      if (act.kind === 'make') {
        const made = inode ?? index
        inodes.set(act.path, made)
        if (!contents.has(made) || this.#lasts(acts, index, act.path) || random.chance(0.5))
          contents.set(made, Buffer.alloc(0))
        if (this.#nameLasts(acts, index, act.path) || random.chance(0.5)) names.set(act.path, made)
      } else if (act.kind === 'write') {
        const isWhole = this.#lasts(acts, index, act.path)
        contents.set(inode!, overwrite(contents.get(inode!)!, act.position, act.bytes, isWhole, random))
      } else if (act.kind === 'cut') {
        if (this.#lasts(acts, index, act.path) || random.chance(0.5))
          contents.set(inode!, contents.get(inode!)!.subarray(0, act.length))
      } else if (act.kind === 'remove') {
        inodes.delete(act.path)
        if (this.#nameLasts(acts, index, act.path) || random.chance(0.5)) names.delete(act.path)
      } else if (act.kind === 'rename') {
        inodes.set(act.to, inode!)
        inodes.delete(act.path)
        if (this.#nameLasts(acts, index, act.path) || random.chance(0.5)) {
          names.delete(act.path)
          names.set(act.to, inode!)
        }
      }
    }
    return new Map([...names].map(([path, inode]) => [path, contents.get(inode) ?? Buffer.alloc(0)]))
  }

  #lasts(acts: readonly Act[], index: number, path: string): boolean {
    const renamed = acts.slice(index).find((act) => act.kind === 'rename' && act.path === path)
    const paths = [path, ...(renamed?.kind === 'rename' ? [renamed.to] : [])]
    return acts.slice(index).some((act) => act.kind === 'syncFile' && paths.includes(act.path))
  }

  #nameLasts(acts: readonly Act[], index: number, path: string): boolean {
    return acts.slice(index).some((act) => act.kind === 'syncFolder' && act.path === dirname(path))
  }
}

/** Of bytes that were not synced any sectors may be there; the length may have grown before them. */
function overwrite(
  content: Buffer,
  position: number,
  bytes: Buffer,
  isWhole: boolean,
  random: Random,
): Buffer {
  if (!isWhole && random.chance(0.3)) return content
  const grown = Buffer.alloc(Math.max(content.length, position + bytes.length))
  content.copy(grown)
  if (isWhole) bytes.copy(grown, position)
  else
    for (let at = 0; at < bytes.length; at += SECTOR)
      if (random.chance(0.6)) bytes.copy(grown, position + at, at, Math.min(at + SECTOR, bytes.length))
  return !isWhole && random.chance(0.3) ? grown.subarray(0, position + random.int(0, bytes.length)) : grown
}
