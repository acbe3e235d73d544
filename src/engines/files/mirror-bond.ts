/**
 * Which data folder and which mirror belong together: the data folder's copy of a source notes the mirror, and the
 * mirror's copy the data folder. A drive that is not mounted looks like an empty mirror, and a data folder that was just
 * made like one that was lost; in both cases offsets could be given out that another copy has given to other lines.
 */
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Disk } from '../../archive/disk.ts'
import { isThere, readFault } from '../../archive/unreadable.ts'
import { MillraceError } from '../../core/error.ts'
import type { ManifestPlaces } from './manifest-store.ts'
import { MANIFEST, MANIFEST_COPY, type SourceFolder } from './source-folder.ts'

const BOND = 'bond.json'

/** Errors: ARCHIVE_MIRROR_AWAY, ARCHIVE_MIRROR_OWNED. */
export async function requireBond({ primary, mirror }: ManifestPlaces): Promise<void> {
  if (!mirror) return
  const { source } = primary
  const path = resolve(mirror.root)
  const [isHere, isMirrored] = [await hasManifest(primary), await hasManifest(mirror)]
  if (isHere && !isMirrored && (await readBond(primary)) === path)
    throw new MillraceError('ARCHIVE_MIRROR_AWAY', { source, path })
  const owner = !isHere && isMirrored ? await readBond(mirror) : undefined
  if (owner === undefined || owner === resolve(primary.root)) return
  const data = (root: string) => dirname(dirname(root))
  throw new MillraceError('ARCHIVE_MIRROR_OWNED', {
    ...{ source, path, owner: data(owner), data: data(resolve(primary.root)) },
  })
}

/** Under the lock, once the manifests of both are equal. */
export async function keepBond(disk: Disk, { primary, mirror }: ManifestPlaces): Promise<void> {
  if (!mirror || !(await hasManifest(mirror))) return
  for (const [folder, other] of [
    [primary, mirror],
    [mirror, primary],
  ] as const)
    await noteBond(disk, folder, resolve(other.root))
}

async function noteBond(disk: Disk, folder: SourceFolder, other: string): Promise<void> {
  if ((await readBond(folder)) === other) return
  // No sync: a note that a power cut takes is written again when the source is opened next.
  const path = join(folder.root, BOND)
  await disk.writeFile(`${path}.tmp`, [Buffer.from(`${JSON.stringify({ with: other })}\n`)])
  await disk.rename(`${path}.tmp`, path)
}

async function hasManifest({ root }: SourceFolder): Promise<boolean> {
  return (await isThere(join(root, MANIFEST))) || isThere(join(root, MANIFEST_COPY))
}

/** Undefined where there is none, as in what earlier versions wrote, and where it is damaged. Errors: DATA_UNREADABLE. */
async function readBond({ root }: SourceFolder): Promise<string | undefined> {
  const path = join(root, BOND)
  try {
    return (JSON.parse(await readFile(path, 'utf8')) as { with?: string }).with
  } catch (error) {
    readFault(path, error)
    return undefined
  }
}
