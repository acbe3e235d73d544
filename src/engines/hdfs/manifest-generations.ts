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
import { generationOf, manifestName, type RemoteFolder } from './remote-folder.ts'
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

/** The newest one, or undefined when there never was any. Errors: ARCHIVE_CORRUPT_MANIFEST. */
export async function findManifest(hdfs: WebHdfs, folder: RemoteFolder): Promise<RemoteManifest | undefined> {
  for (;;) {
    const newest = (await listGenerations(hdfs, folder)).at(-1)
    if (newest === undefined) return requireNothing(hdfs, folder)
    const text = await hdfs.readText(`${folder.root}/${manifestName(newest)}`).catch((error: unknown) => {
      if (isContentFault(error)) throw corrupt(folder)
      throw error
    })
    // Newer ones have taken its place meanwhile.
    if (text === undefined) continue
    const manifest = parseManifest(text)
    if (manifest?.generation === newest && isOf(manifest, folder)) return manifest
    throw corrupt(folder)
  }
}

/** Of a source that is being renamed the manifest has the new name before the folder has. */
function isOf({ source, formerNames = [] }: RemoteManifest, folder: RemoteFolder): boolean {
  return source === folder.source || formerNames.at(-1) === folder.source
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
  return outcome === 'renamed' || (outcome === 'unsure' && (await hdfs.readText(name)) === text)
}

/** Only tidies up: a failure is nobody's concern. */
export async function removeOldManifests(hdfs: WebHdfs, folder: RemoteFolder): Promise<void> {
  try {
    for (const generation of (await listGenerations(hdfs, folder)).slice(0, -KEPT_GENERATIONS))
      await hdfs.remove(`${folder.root}/${manifestName(generation)}`)
  } catch {
    // The next commit tries again.
  }
}

async function listGenerations(hdfs: WebHdfs, { root }: RemoteFolder): Promise<number[]> {
  const generations = (await hdfs.list(root)).map(({ pathSuffix }) => generationOf(pathSuffix))
  return generations.filter((generation) => generation !== undefined).sort((a, b) => a - b)
}

/** Lines without a manifest are never taken for an empty archive: starting anew would orphan them. */
async function requireNothing(hdfs: WebHdfs, folder: RemoteFolder): Promise<undefined> {
  const blocks = await hdfs.list(folder.blocks)
  if (blocks.some(({ pathSuffix }) => pathSuffix.endsWith('.parquet'))) throw corrupt(folder)
}

function corrupt({ source, root }: RemoteFolder): MillraceError {
  return new MillraceError('ARCHIVE_CORRUPT_MANIFEST', { source, path: root })
}
