/** Which blocks of a source lie there by their names, and which should. */

import { readdir } from 'node:fs/promises'
import { isHeld } from '../../archive/lock.ts'
import { ifThere } from '../../archive/unreadable.ts'
import type { ArchiveFinding } from '../../ports/archive.ts'
import { findManifest, type ManifestPlaces } from './manifest-store.ts'
import type { SourceFolder } from './source-folder.ts'

/** A block of which another copy is there can be healed. */
export async function missingBlocks(places: ManifestPlaces): Promise<ArchiveFinding[]> {
  const manifest = await findManifest(places)
  const folders = foldersOf(places)
  const held = await Promise.all(folders.map(async ({ folder }) => new Set(await namesIn(folder))))
  return (manifest?.blocks ?? []).flatMap(({ name: block }) => {
    const outcome = held.some((names) => names.has(block)) ? ('healed' as const) : ('lost' as const)
    return folders.flatMap(({ copy }, place): ArchiveFinding[] =>
      held[place]!.has(block) ? [] : [{ block, copy, fault: 'missing', outcome }],
    )
  })
}

/** None while somebody adds some. */
export async function unnamedBlocks(places: ManifestPlaces): Promise<ArchiveFinding[]> {
  if (await isHeld(places.primary.lock)) return []
  const names = await namesIn(places.primary)
  const manifest = await findManifest(places)
  const known = new Set((manifest?.blocks ?? []).map(({ name }) => name))
  return names
    .filter((name) => name.endsWith('.parquet') && !known.has(name))
    .map((block) => ({ block, copy: 'primary', fault: 'unnamed', outcome: 'left' }))
}

function foldersOf({ primary, mirror }: ManifestPlaces) {
  const own = { copy: 'primary' as const, folder: primary }
  return mirror ? [own, { copy: 'mirror' as const, folder: mirror }] : [own]
}

async function namesIn({ blocks }: SourceFolder): Promise<string[]> {
  return (await ifThere(blocks, readdir(blocks))) ?? []
}
