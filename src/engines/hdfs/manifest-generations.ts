/**
 * Manifests as files of their own, one a generation: what commits is a rename that never overwrites, so of two
 * writers of one generation only one can win.
 */
import {
  emptyManifest,
  parseManifest,
  printManifest,
  type StoredManifest,
} from '../../archive/manifest-text.ts'
import type { PendingIngest } from '../../archive/source-writer.ts'
import { MillraceError } from '../../core/error.ts'
import { generationOf, manifestCopyName, manifestName, type RemoteFolder } from './remote-folder.ts'
import { isContentFault } from './storage-failure.ts'
import type { UploadFolder } from './upload-folder.ts'
import type { WebHdfs } from './web-hdfs.ts'

/** Ingests that were not acknowledged when it was written stand in it, so that they are committed with it. */
export interface RemoteManifest extends StoredManifest {
  readonly pending?: readonly PendingIngest[]
  /** Blocks that others have taken the place of; whoever read an older manifest may still be reading them. */
  readonly retired?: readonly RetiredBlock[]
}

export interface RetiredBlock {
  readonly name: string
  /** By the NameNode's clock. */
  readonly sinceMs: number
}

const RETIREMENT_MS = 24 * 3600 * 1000

export function stillRetired({ retired = [] }: RemoteManifest, nowMs: number): RetiredBlock[] {
  return retired.filter(({ sinceMs }) => nowMs - sinceMs < RETIREMENT_MS)
}

/** Older ones are of use only to people who look into what happened. */
const KEPT_GENERATIONS = 5
const KEPT_COPIES = 2

/** The newest manifest, and what its own file is where only the copy tells of it. */
export interface FoundManifest {
  readonly manifest: RemoteManifest
  readonly fault?: 'missing' | 'damaged'
}

/**
 * The newest one, or undefined when there never was any. A copy is written once its manifest is committed, so that one of a newer
 * generation than all manifests means that a manifest was removed. Errors: ARCHIVE_CORRUPT_MANIFEST.
 */
export async function findManifest(hdfs: WebHdfs, folder: RemoteFolder): Promise<RemoteManifest | undefined> {
  return (await lookForManifest(hdfs, folder))?.manifest
}

/** Errors: ARCHIVE_CORRUPT_MANIFEST. */
export async function lookForManifest(
  hdfs: WebHdfs,
  folder: RemoteFolder,
): Promise<FoundManifest | undefined> {
  for (;;) {
    const { manifests, copies } = await listGenerations(hdfs, folder)
    const newest = Math.max(manifests.at(-1) ?? -1, copies.at(-1) ?? -1)
    if (newest < 0) return requireNothing(hdfs, folder)
    const own = await readManifest(hdfs, folder, manifestName(newest), newest)
    if (typeof own === 'object') return { manifest: own }
    const isNamed = manifests.at(-1) === newest
    // Newer ones have taken its place meanwhile.
    if (isNamed && own === 'missing') continue
    const copy = await readManifest(hdfs, folder, manifestCopyName(newest), newest)
    if (typeof copy === 'object') return { manifest: copy, fault: own }
    if (!isNamed && copy === 'missing') continue
    throw corrupt(folder)
  }
}

/** Of a source that is being renamed the manifest has the new name before the folder has. */
function isOf({ source, formerNames = [] }: RemoteManifest, folder: RemoteFolder): boolean {
  return source === folder.source || formerNames.at(-1) === folder.source
}

async function readManifest(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  name: string,
  generation: number,
): Promise<RemoteManifest | 'missing' | 'damaged'> {
  const text = await hdfs.readText(`${folder.root}/${name}`).catch((error: unknown) => {
    if (isContentFault(error)) return ''
    throw error
  })
  if (text === undefined) return 'missing'
  const manifest = parseManifest(text)
  return manifest?.generation === generation && isOf(manifest, folder) ? manifest : 'damaged'
}

/** Puts back the file of the newest manifest, of which only the copy is left. What it holds was committed. */
export async function restoreManifest(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  { manifest, fault }: FoundManifest,
  uploads: UploadFolder,
): Promise<void> {
  const name = `${folder.root}/${manifestName(manifest.generation)}`
  const uploaded = await uploads.put(printManifest(manifest))
  if (fault === 'damaged') await hdfs.remove(name)
  await hdfs.rename(uploaded, name)
  await uploads.remove()
}

/** The newest one; where there is none the first, which is empty and says that the source was begun. */
export async function findOrBegin(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  uploads: UploadFolder,
): Promise<RemoteManifest> {
  const found = await findManifest(hdfs, folder)
  if (found) return found
  await commitManifest(hdfs, folder, emptyManifest(folder.source), uploads)
  return (await findManifest(hdfs, folder))!
}

/** False when somebody else has this generation. */
export async function commitManifest(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  manifest: RemoteManifest,
  uploads: UploadFolder,
): Promise<boolean> {
  const text = printManifest(manifest)
  const name = `${folder.root}/${manifestName(manifest.generation)}`
  const outcome = await hdfs.rename(await uploads.put(text), name)
  const isDone = outcome === 'renamed' || (outcome === 'unsure' && (await hdfs.readText(name)) === text)
  if (isDone)
    await keepCopy(hdfs, folder, manifest.generation, await uploads.put(text).catch(() => undefined))
  return isDone
}

/** The commit stands without it, and the next one has a copy again. */
async function keepCopy(
  hdfs: WebHdfs,
  { root }: RemoteFolder,
  generation: number,
  uploaded: string | undefined,
): Promise<void> {
  if (uploaded === undefined) return
  await hdfs.rename(uploaded, `${root}/${manifestCopyName(generation)}`).catch(() => undefined)
}

/** Only tidies up: a failure is nobody's concern. */
export async function removeOldManifests(hdfs: WebHdfs, folder: RemoteFolder): Promise<void> {
  try {
    const { manifests, copies } = await listGenerations(hdfs, folder)
    const old = [
      ...manifests.slice(0, -KEPT_GENERATIONS).map(manifestName),
      ...copies.slice(0, -KEPT_COPIES).map(manifestCopyName),
    ]
    for (const name of old) await hdfs.remove(`${folder.root}/${name}`)
  } catch {
    // The next commit tries again.
  }
}

/** Ascending. One request, so that both lists are of one moment. */
async function listGenerations(hdfs: WebHdfs, { root }: RemoteFolder) {
  const found = (await hdfs.list(root)).flatMap(({ pathSuffix }) => generationOf(pathSuffix) ?? [])
  const ofKind = (wanted: boolean) =>
    found.flatMap(({ generation, isCopy }) => (isCopy === wanted ? [generation] : [])).sort((a, b) => a - b)
  return { manifests: ofKind(false), copies: ofKind(true) }
}

/** Lines without a manifest are never taken for an empty archive: starting anew would orphan them. */
async function requireNothing(hdfs: WebHdfs, folder: RemoteFolder): Promise<undefined> {
  const blocks = await hdfs.list(folder.blocks)
  if (blocks.some(({ pathSuffix }) => pathSuffix.endsWith('.parquet'))) throw corrupt(folder)
}

function corrupt({ source, root }: RemoteFolder): MillraceError {
  return new MillraceError('ARCHIVE_CORRUPT_MANIFEST', { source, path: root })
}
