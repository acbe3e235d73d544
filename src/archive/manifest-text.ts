/** A manifest as text: JSON with its own SHA-256, so that damage is told from content. */
import { createHash, randomBytes } from 'node:crypto'
import type { Block, Manifest } from '../core/block.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { OffsetRange } from '../core/lost-lines.ts'
import type { ContentSegment } from './content-segments.ts'

/** What only the archive itself needs beside the manifest. */
export interface StoredManifest extends Manifest {
  /** The greatest observed time stamped so far; the observed clock never runs backwards. */
  readonly lastObservedMs: number
  /** Files that list the contents ingested so far; absent in archives that an earlier version wrote. */
  readonly contents?: readonly ContentSegment[]
  /** The file of the idempotency keys of batches that a log gave. */
  readonly keys?: KeySegment
}

export interface KeySegment extends ContentSegment {
  /** When the last batch with a key was observed. */
  readonly lastMs: number
}

/** All files beside the blocks that the manifest names. */
export function segmentsOf({ contents = [], keys }: StoredManifest): readonly ContentSegment[] {
  return keys ? [...contents, keys] : contents
}

export function printManifest(manifest: StoredManifest): string {
  return `${JSON.stringify({ ...manifest, sha256: digestOf(manifest) }, null, 1)}\n`
}

/** What a source begins with. */
export function emptyManifest(source: string): StoredManifest {
  return {
    formatVersion: 1,
    source,
    incarnation: randomBytes(16).toString('hex'),
    generation: 0,
    nextOffset: 0,
    lastObservedMs: 0,
    blocks: [],
  }
}

/** What a commit adds when its lines are the first. */
export function firstObserved(
  { nextOffset }: Manifest,
  firstObservedMs: number | undefined,
): Pick<Manifest, 'firstObservedMs'> {
  return nextOffset === 0 && firstObservedMs !== undefined ? { firstObservedMs } : {}
}

/** Undefined when it is not this format, its SHA-256 is wrong, or its blocks and lost lines leave a gap or overlap. */
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

function isCover({ blocks, lost = [], nextOffset }: Manifest): boolean {
  const parts = [...blocks.map(offsetsOf), ...lost].sort((a, b) => a.fromOffset - b.fromOffset)
  let next = 0
  const follows = ({ fromOffset, endOffset }: OffsetRange) => {
    const follows = fromOffset === next && endOffset > next
    next = endOffset
    return follows
  }
  return parts.every(follows) && next === nextOffset
}

function offsetsOf({ firstOffset: fromOffset, endOffset }: Block): OffsetRange {
  return { fromOffset, endOffset }
}
