/** Who runs what root may not run, and where such a user can reach files. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, existsSync, lstatSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const USER = 'nobody'

/** Options for a spawned process; undefined when we are not root, so that it runs as we do. */
export function unprivilegedIds() {
  return process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined
}

function idOf(flag) {
  return Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }))
}

/** Lets that user own a folder; does nothing when we are not root. */
export function giveFolder(folder) {
  const ids = unprivilegedIds()
  if (ids) chownSync(folder, ids.uid, ids.gid)
}

/** `folder`, or one for it below the system's temporary folder when others may not pass the folders above it. */
export function reachableFolder(folder, prefix) {
  if (!unprivilegedIds() || isReachable(dirname(folder))) return folder
  const other = join(tmpdir(), `${prefix}-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`)
  if (existsSync(other) && (lstatSync(other).uid !== 0 || !lstatSync(other).isDirectory()))
    throw new Error(
      `${other} belongs to somebody else; set MILLRACE_CLUSTER_DIR to a folder that ${USER} may enter`,
    )
  return other
}

/** Whether everybody may pass through the folder and those above it, as far as they exist. */
function isReachable(folder) {
  const above = dirname(folder)
  const isOpen = !existsSync(folder) || (statSync(folder).mode & 0o001) !== 0
  return isOpen && (above === folder || isReachable(above))
}
