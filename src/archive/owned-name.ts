/** Names of scratch folders that tell which process made them, so that a later one can clear away a dead one's. */
import { randomBytes } from 'node:crypto'
import { identityOf, isAlive } from './process-identity.ts'

const OWNED = /^\d+-\d+-[0-9a-f]{1,8}-[0-9a-f]{6}-/

/** A new name of this process on each call; `label` is for people. */
export function ownedName(label: string): string {
  return `${identityOf(process.pid)}-${randomBytes(3).toString('hex')}-${label}`
}

/** Was it made by a process that is gone? False for every name that is not one of these. */
export function isOrphan(name: string): boolean {
  return OWNED.test(name) && !isAlive(name)
}
