/** Where the files of one source lie in HDFS, and where its blocks are packed on the way there. */
import { join } from 'node:path'
import { digits } from '../../archive/block-name.ts'
import type { ContentSegment } from '../../archive/content-segments.ts'
import type { Block } from '../../core/block.ts'

export interface RemoteFolder {
  readonly source: string
  /** `<path>/<source>` */
  readonly root: string
  readonly blocks: string
  /** An empty folder for each block that is not committed yet, of the same name. */
  readonly staged: string
  readonly contents: string
  /** What is on its way to its name; a folder for each writer. */
  readonly uploads: string
  /** An empty folder for each ingest whose user was told of its result. */
  readonly acknowledged: string
  readonly lease: string
}

export interface SpoolFolder {
  readonly lock: string
  readonly blocks: string
  readonly spill: string
}

export function remoteFolder(path: string, source: string): RemoteFolder {
  const root = `${path}/${source}`
  return {
    source,
    root,
    blocks: `${root}/blocks`,
    staged: `${root}/staged`,
    contents: `${root}/contents`,
    uploads: `${root}/uploads`,
    acknowledged: `${root}/acknowledged`,
    lease: `${root}/lease.json`,
  }
}

export function spoolFolder(dataDir: string, source: string): SpoolFolder {
  const root = join(dataDir, 'spool', source)
  return { lock: join(root, 'lock'), blocks: join(root, 'blocks'), spill: join(root, 'spill') }
}

export function remoteBlock({ blocks }: RemoteFolder, { name }: Pick<Block, 'name'>): string {
  return `${blocks}/${name}`
}

export function remoteSegment({ contents }: RemoteFolder, { name }: Pick<ContentSegment, 'name'>): string {
  return `${contents}/${name}`
}

export function manifestName(generation: number): string {
  return `manifest.${digits(generation)}.json`
}

/** A second copy beside each of the newest, so that one file that is removed or damaged loses no commit. */
export function manifestCopyName(generation: number): string {
  return `manifest-copy.${digits(generation)}.json`
}

/** The folder whose being there says that the user was told of this generation's ingest. */
export function acknowledgement({ acknowledged }: RemoteFolder, generation: number): string {
  return `${acknowledged}/${digits(generation)}`
}

/** Undefined for other names. */
export function generationOf(name: string): { generation: number; isCopy: boolean } | undefined {
  const found = /^manifest(-copy)?\.(\d{16})\.json$/.exec(name)
  return found ? { generation: Number(found[2]), isCopy: found[1] !== undefined } : undefined
}
