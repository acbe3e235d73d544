/** The files that list known contents and keys, in the data folder and in the mirror. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ContentSegment, isWholeSegment, type WrittenSegment } from '../../archive/content-segments.ts'
import { type Disk, replaceFiles } from '../../archive/disk.ts'
import { type StoredManifest, segmentsOf } from '../../archive/manifest-text.ts'
import { ifThere, readFault } from '../../archive/unreadable.ts'
import type { ScrubReport } from '../../ports/archive.ts'
import type { ManifestPlaces } from './manifest-store.ts'
import type { SourceFolder } from './source-folder.ts'

type Finding = ScrubReport['findings'][number]

/** Undefined when no copy is whole; a copy that is not gets the bytes of the one that is. */
export async function readSegment(
  disk: Disk,
  places: ManifestPlaces,
  segment: ContentSegment,
): Promise<string | undefined> {
  return (await healSegment(disk, places, segment)).text
}

export async function healSegments(
  disk: Disk,
  places: ManifestPlaces,
  manifest: StoredManifest,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const segment of segmentsOf(manifest))
    for (const one of (await healSegment(disk, places, segment)).findings) findings.push(one)
  return findings
}

async function healSegment(disk: Disk, places: ManifestPlaces, segment: ContentSegment) {
  const copies = await Promise.all(
    foldersOf(places).map(async (folder) => ({ folder, ...(await readCopy(folder, segment)) })),
  )
  const text = copies.find((copy) => copy.text !== undefined)?.text
  const findings: Finding[] = []
  for (const { folder, fault } of copies) {
    if (!fault) continue
    if (text !== undefined) await writeText(disk, folder, segment, text)
    const copy = folder === places.primary ? 'primary' : 'mirror'
    findings.push({ block: segment.name, copy, fault, outcome: text === undefined ? 'lost' : 'healed' })
  }
  return { text, findings }
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
  manifest: StoredManifest,
): Promise<void> {
  const named = new Set(segmentsOf(manifest).map(({ name }) => name))
  for (const name of (await ifThere(folder, readdir(folder))) ?? [])
    if (!named.has(name)) await disk.remove(join(folder, name))
}

function foldersOf({ primary, mirror }: ManifestPlaces): SourceFolder[] {
  return mirror ? [primary, mirror] : [primary]
}

async function readCopy(
  { contents }: SourceFolder,
  segment: ContentSegment,
): Promise<{ text?: string; fault?: 'missing' | 'damaged' }> {
  const path = join(contents, segment.name)
  try {
    const text = await readFile(path, 'utf8')
    return isWholeSegment(segment, text) ? { text } : { fault: 'damaged' }
  } catch (error) {
    return { fault: readFault(path, error) }
  }
}

async function writeText(disk: Disk, { contents }: SourceFolder, { name }: ContentSegment, text: string) {
  await disk.makeFolder(contents)
  await replaceFiles(disk, contents, [name], text)
}
