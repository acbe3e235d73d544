/** Where the files of one source's archive lie; the mirror has the same layout. */
import { join } from 'node:path'
import type { Block } from '../../core/block.ts'

export interface SourceFolder {
  readonly source: string
  /** `<archive>/<source>` */
  readonly root: string
  readonly blocks: string
  readonly contents: string
  readonly pending: string
  readonly lock: string
  readonly spill: string
}

export const MANIFEST = 'manifest.json'
/** A second copy of the same generation, so that damage to one file loses no commit. */
export const MANIFEST_COPY = 'manifest.copy.json'

export function sourceFolder(archive: string, source: string): SourceFolder {
  const root = join(archive, source)
  return {
    source,
    root,
    blocks: join(root, 'blocks'),
    contents: join(root, 'contents'),
    pending: join(root, 'pending'),
    lock: join(root, 'lock'),
    spill: join(root, 'spill'),
  }
}

export function blockPath(folder: SourceFolder, block: Pick<Block, 'name'>): string {
  return join(folder.blocks, block.name)
}
