/** The files that list known contents, in the data folder and in the mirror. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ContentSegment, isWholeSegment, type WrittenSegment } from '../../archive/content-segments.ts'
import { type Disk, replaceFiles } from '../../archive/disk.ts'
import type { StoredManifest } from '../../archive/manifest-text.ts'
import type { ManifestPlaces } from './manifest-store.ts'
import type { SourceFolder } from './source-folder.ts'

/** Undefined when no copy is whole; a copy that is not gets the bytes of the one that is. */
export async function readSegment(
  disk: Disk,
  places: ManifestPlaces,
  segment: ContentSegment,
): Promise<string | undefined> {
  const folders = foldersOf(places)
  const texts = await Promise.all(folders.map((folder) => readWhole(folder, segment)))
  const text = texts.find((found) => found !== undefined)
  if (text === undefined) return undefined
  for (const [index, folder] of folders.entries())
    if (texts[index] === undefined) await writeText(disk, folder, segment, text)
  return text
}

/** Durable when it resolves, the mirror's copy first. */
export async function writeSegment(
  disk: Disk,
  places: ManifestPlaces,
  { segment, text }: WrittenSegment,
): Promise<void> {
  for (const folder of foldersOf(places).reverse()) await writeText(disk, folder, segment, text)
}

/** Removes those that the manifest does not name. */
export async function clearSegments(
  disk: Disk,
  { contents: folder }: SourceFolder,
  { contents = [] }: StoredManifest,
): Promise<void> {
  const named = new Set(contents.map(({ name }) => name))
  for (const name of await readdir(folder).catch(() => []))
    if (!named.has(name)) await disk.remove(join(folder, name))
}

function foldersOf({ primary, mirror }: ManifestPlaces): SourceFolder[] {
  return mirror ? [primary, mirror] : [primary]
}

async function readWhole({ contents }: SourceFolder, segment: ContentSegment): Promise<string | undefined> {
  const text = await readFile(join(contents, segment.name), 'utf8').catch(() => undefined)
  return text !== undefined && isWholeSegment(segment, text) ? text : undefined
}

async function writeText(disk: Disk, { contents }: SourceFolder, { name }: ContentSegment, text: string) {
  await disk.makeFolder(contents)
  await replaceFiles(disk, contents, [name], text)
}
