/** Finds the true manifest among its copies, and commits a new one. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Disk, replaceFiles } from '../../archive/disk.ts'
import {
  emptyManifest,
  parseManifest,
  printManifest,
  type StoredManifest,
} from '../../archive/manifest-text.ts'
import { ifThere, readFault } from '../../archive/unreadable.ts'
import { MillraceError } from '../../core/error.ts'
import { findRange } from '../../core/lost-lines.ts'
import { MANIFEST, MANIFEST_COPY, type SourceFolder } from './source-folder.ts'

/** A manifest file that had to be written anew. */
export interface ManifestFault {
  readonly block: string
  readonly copy: 'primary' | 'mirror'
  readonly fault: 'missing' | 'damaged' | 'outdated'
}

export type ManifestState =
  | { readonly state: 'missing' | 'damaged' }
  | { readonly state: 'good'; readonly manifest: StoredManifest }

export interface ManifestPlaces {
  readonly primary: SourceFolder
  readonly mirror?: SourceFolder | undefined
}

interface Copy {
  readonly folder: SourceFolder
  readonly name: string
  readonly found: ManifestState
}

/** The primary file, its copy, and the mirror's file where there is a mirror. */
type Copies = readonly Copy[]

/**
 * The committed manifest, for readers that hold no lock: the primary file, unless its copy is newer, which only one has that was
 * put back to an older state; or the newest good copy when the primary file is missing or damaged. Undefined when there is none at all. Errors: ARCHIVE_CORRUPT_MANIFEST.
 */
export async function findManifest(places: ManifestPlaces): Promise<StoredManifest | undefined> {
  const copies = await readCopies(places)
  const own = manifestIn(copies[0]) && newestOf(copies.slice(0, 2))
  return own ?? newestOf(copies) ?? (await requireNothing(places, copies))
}

/** What `settleManifest` would heal that no crash leaves behind. Errors: ARCHIVE_CORRUPT_MANIFEST. */
export async function inspectManifest(places: ManifestPlaces): Promise<ManifestFault[]> {
  const manifest = await findManifest(places)
  if (!manifest) return []
  const copies = await readCopies(places)
  return copies.flatMap((copy) => faultOf(places, copy, manifest) ?? [])
}

function faultOf(
  { primary }: ManifestPlaces,
  { folder, name, found }: Copy,
  { generation }: StoredManifest,
): ManifestFault | undefined {
  const copy = folder === primary ? 'primary' : 'mirror'
  if (found.state !== 'good') return { block: name, copy, fault: found.state }
  // A crash may leave the other copies behind, but never the file that commits.
  const isOutdated = copy === 'primary' && name === MANIFEST && found.manifest.generation < generation
  return isOutdated ? { block: name, copy, fault: 'outdated' } : undefined
}

/**
 * Under the lock: decides which manifest is the true one and makes every copy equal to it.
 * `isPending(generation)` tells whether an ingest announced that generation; a mirror that is one ahead of a
 * good primary because of such an ingest was never committed, any other lead means that the primary was put
 * back to an older state. Errors: ARCHIVE_CORRUPT_MANIFEST, ARCHIVE_FOREIGN_MIRROR, ARCHIVE_MIRROR_PARTED, ARCHIVE_UNWRITABLE.
 */
export async function settleManifest(
  disk: Disk,
  places: ManifestPlaces,
  isPending: (generation: number) => boolean,
): Promise<{ manifest: StoredManifest; faults: ManifestFault[] }> {
  const copies = await readCopies(places)
  refuseForeign(places, copies)
  refuseParted(places, copies)
  const manifest = chooseTrue(copies, isPending) ?? (await startNew(places, copies))
  const faults: ManifestFault[] = []
  if (manifest.generation === 0) {
    if (!manifestIn(copies[0])) await writeManifest(disk, places.primary, [MANIFEST], manifest)
    return { manifest, faults }
  }
  for (const { folder, name, found } of copies) {
    if (found.state === 'good' && found.manifest.generation === manifest.generation) continue
    await writeManifest(disk, folder, [name], manifest)
    const fault = faultOf(places, { folder, name, found }, manifest)
    if (fault) faults.push(fault)
  }
  return { manifest, faults }
}

/** The rename of the primary file is the moment of the commit; the mirror has it before. */
export async function commitManifest(disk: Disk, places: ManifestPlaces, manifest: StoredManifest) {
  if (places.mirror) await writeManifest(disk, places.mirror, [MANIFEST], manifest)
  await writeManifest(disk, places.primary, [MANIFEST, MANIFEST_COPY], manifest)
}

function writeManifest(disk: Disk, folder: SourceFolder, names: readonly string[], manifest: StoredManifest) {
  return replaceFiles(disk, folder.root, names, printManifest(manifest))
}

/** Damaged: unreadable, or not what `parseManifest` takes. */
export async function readManifest(path: string): Promise<ManifestState> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return { state: readFault(path, error) }
  }
  const manifest = parseManifest(text)
  return manifest ? { state: 'good', manifest } : { state: 'damaged' }
}

async function readCopies({ primary, mirror }: ManifestPlaces): Promise<Copies> {
  const read = async (folder: SourceFolder, name: string): Promise<Copy> => {
    return { folder, name, found: await readManifest(join(folder.root, name)) }
  }
  const copies = [await read(primary, MANIFEST), await read(primary, MANIFEST_COPY)]
  return mirror ? [...copies, await read(mirror, MANIFEST)] : copies
}

function chooseTrue([primary, copy, mirror]: Copies, isPending: (generation: number) => boolean) {
  if (!manifestIn(primary)) return newestOf([copy, mirror])
  const newest = newestOf([primary, copy])!
  const ahead = manifestIn(mirror)
  if (!ahead || ahead.generation <= newest.generation) return newest
  return isPending(newest.generation + 1) ? newest : ahead
}

function refuseForeign({ mirror }: ManifestPlaces, copies: Copies): void {
  const own = newestOf(copies.slice(0, 2))
  const other = manifestIn(copies[2])
  if (!own || !other || own.incarnation === other.incarnation) return
  throw new MillraceError('ARCHIVE_FOREIGN_MIRROR', { source: own.source, path: mirror!.root })
}

/** Each was added to without the other, so one of them holds lines that the other would overwrite. */
function refuseParted({ mirror }: ManifestPlaces, copies: Copies): void {
  const own = newestOf(copies.slice(0, 2))
  const other = manifestIn(copies[2])
  if (!own || !other) return
  const endOffset = Math.min(own.nextOffset, other.nextOffset)
  const offset = partingOf(own, other)
  if (offset === undefined || offset >= endOffset) return
  throw new MillraceError('ARCHIVE_MIRROR_PARTED', { source: own.source, path: mirror!.root, offset })
}

/** Where the blocks of two manifests begin to differ, but for those that are lost by either account. */
function partingOf(own: StoredManifest, other: StoredManifest): number | undefined {
  const others = new Map(other.blocks.map((block) => [block.firstOffset, block.sha256]))
  const isLost = (offset: number) => [own, other].some(({ lost }) => findRange(lost, offset) !== undefined)
  const parting = own.blocks.find(
    ({ firstOffset, sha256 }) => others.get(firstOffset) !== sha256 && !isLost(firstOffset),
  )
  return parting?.firstOffset
}

function newestOf(copies: readonly (Copy | undefined)[]): StoredManifest | undefined {
  const good = copies.map(manifestIn).filter((manifest) => manifest !== undefined)
  return good.reduce<StoredManifest | undefined>(
    (best, next) => (best && best.generation >= next.generation ? best : next),
    undefined,
  )
}

function manifestIn(copy: Copy | undefined): StoredManifest | undefined {
  return copy?.found.state === 'good' ? copy.found.manifest : undefined
}

async function startNew(places: ManifestPlaces, copies: Copies): Promise<StoredManifest> {
  await requireNothing(places, copies)
  return emptyManifest(places.primary.source)
}

/** Lines without a manifest are never taken for an empty archive: starting anew would orphan them. */
async function requireNothing({ primary, mirror }: ManifestPlaces, copies: Copies) {
  const folders = mirror ? [primary, mirror] : [primary]
  const hasBlocks = (await Promise.all(folders.map(holdsBlocks))).includes(true)
  const isDamaged = copies.some((copy) => copy.found.state === 'damaged')
  if (!hasBlocks && !isDamaged) return undefined
  const { source, root: path } = primary
  throw new MillraceError('ARCHIVE_CORRUPT_MANIFEST', { source, path })
}

/** A folder that holds a commit or a block of a source, or what damage left of them. */
export async function holdsSource(folder: SourceFolder): Promise<boolean> {
  const copies = await Promise.all(
    [MANIFEST, MANIFEST_COPY].map((name) => readManifest(join(folder.root, name))),
  )
  const isHeld = (found: ManifestState) =>
    found.state === 'damaged' || (found.state === 'good' && found.manifest.generation > 0)
  return copies.some(isHeld) || (await holdsBlocks(folder))
}

async function holdsBlocks({ blocks }: SourceFolder): Promise<boolean> {
  const names = (await ifThere(blocks, readdir(blocks))) ?? []
  return names.some((name) => name.endsWith('.parquet'))
}
