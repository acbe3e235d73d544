/** Lets one command at a time work on a cluster's folder. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf, isAlive, pidOf } from './process-identity.mjs'

const PATIENCE_MS = 300_000

/** Waits for another command to end; one that crashed does not count. */
export async function withClusterLock(folder, act) {
  mkdirSync(folder, { recursive: true })
  const lock = join(folder, 'lock')
  await takeLock(lock)
  try {
    return await act()
  } finally {
    rmSync(lock, { force: true })
  }
}

async function takeLock(lock) {
  const giveUpMs = Date.now() + PATIENCE_MS
  let isTold = false
  while (!tryLock(lock)) {
    const holder = holderOf(lock)
    if (holder === undefined) continue
    if (!isAlive(holder)) {
      rmSync(lock, { force: true })
      continue
    }
    if (!isTold) console.log(`cluster: waiting for another command (process ${pidOf(holder)}) to end`)
    isTold = true
    if (Date.now() > giveUpMs) throw new Error(`process ${pidOf(holder)} has held ${lock} for too long`)
    await sleep(200)
  }
}

/** Linked into place with its content, so that nobody reads an empty one. */
function tryLock(lock) {
  const mine = `${lock}.${process.pid}`
  writeFileSync(mine, identityOf(process.pid))
  try {
    linkSync(mine, lock)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
}

function holderOf(lock) {
  try {
    return readFileSync(lock, 'utf8')
  } catch {
    return undefined
  }
}
