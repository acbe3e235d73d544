/** A manifest as text: JSON with its own SHA-256, so that damage is told from content. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Block, Manifest } from '../../core/block.ts'
import { canonicalJson } from '../../core/canonical-json.ts'

/** What only the archive itself needs beside the manifest. */
export interface StoredManifest extends Manifest {
  /** The greatest observed time stamped so far; the observed clock never runs backwards. */
  readonly lastObservedMs: number
}

export type ManifestState =
  | { readonly state: 'missing' | 'damaged' }
  | { readonly state: 'good'; readonly manifest: StoredManifest }

export function printManifest(manifest: StoredManifest): string {
  return `${JSON.stringify({ ...manifest, sha256: digestOf(manifest) }, null, 1)}\n`
}

/** Damaged: unreadable, not this format, a wrong SHA-256, or blocks that leave a gap or overlap. */
export async function readManifest(path: string): Promise<ManifestState> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { state: missing ? 'missing' : 'damaged' }
  }
  const manifest = parseManifest(text)
  return manifest ? { state: 'good', manifest } : { state: 'damaged' }
}

export function parseManifest(text: string): StoredManifest | undefined {
  try {
    const { sha256, ...manifest } = JSON.parse(text) as StoredManifest & { sha256: string }
    const good = manifest.formatVersion === 1 && sha256 === digestOf(manifest) && isCover(manifest)
    return good ? manifest : undefined
  } catch {
    return undefined
  }
}

function digestOf(manifest: StoredManifest): string {
  return createHash('sha256').update(canonicalJson(manifest)).digest('hex')
}

function isCover({ blocks, nextOffset }: Manifest): boolean {
  let next = 0
  const follows = (block: Block) => {
    const follows = block.firstOffset === next && block.endOffset > next
    next = block.endOffset
    return follows
  }
  return blocks.every(follows) && next === nextOffset
}
