/**
 * Where the server of a data folder listens for commands of the same machine: in the data folder, or, where that name is
 * too long for a socket, in a folder of its own with a random name, which a symbolic link in the data folder tells. A name
 * in a folder for all that can be foretold could be taken by another user, who would then answer in the server's place.
 */
import { lstat, mkdtemp, readlink, rm, rmdir, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** What `sun_path` of a socket's address holds on the systems that give it least (unix(7), unix(4)). */
const MOST_BYTES = 103

export interface SocketPlace {
  readonly path: string
  /** Lets commands find it, once it listens. */
  show(): Promise<void>
  /** Once nothing listens any more. */
  remove(): Promise<void>
}

/** For the server, which holds the folder's lock: what lies there is of a dead one, and is removed. */
export async function placeSocket(dataDir: string): Promise<SocketPlace> {
  const name = nameIn(dataDir)
  await removeSocket(name)
  if (isShort(name)) return { path: name, show: async () => {}, remove: () => removeSocket(name) }
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  const path = join(folder, 'sock')
  const remove = async () => {
    await removeSocket(name)
    // It may not have been shown.
    await rm(folder, { recursive: true, force: true })
  }
  return { path, show: () => symlink(path, name), remove }
}

/** For a command; undefined where no server has shown one. Errors: of a link that leads where another user may write. */
export async function findSocket(dataDir: string): Promise<string | undefined> {
  const name = nameIn(dataDir)
  if (isShort(name)) return name
  const path = await readlink(name).catch(missing)
  const folder = path && (await lstat(dirname(path)).catch(missing))
  if (!path || !folder) return undefined
  const owners = [process.getuid?.(), (await stat(dataDir)).uid]
  if (folder.isDirectory() && owners.includes(folder.uid) && (folder.mode & 0o022) === 0) return path
  throw new Error(`others than its user may write to ${dirname(path)}, where its socket should lie`)
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (!['EINVAL', 'ENOENT', 'ENOTDIR'].includes(error.code ?? '')) throw error
}

function nameIn(dataDir: string): string {
  return join(resolve(dataDir), 'serve.sock')
}

function isShort(path: string): boolean {
  return Buffer.byteLength(path) <= MOST_BYTES
}

async function removeSocket(name: string): Promise<void> {
  const path = await readlink(name).catch(() => undefined)
  if (path) {
    await rm(path, { force: true }).catch(() => undefined)
    // Only when it is empty, and so ours alone.
    await rmdir(dirname(path)).catch(() => undefined)
  }
  await rm(name, { force: true })
}
