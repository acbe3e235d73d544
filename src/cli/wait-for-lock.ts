/** Two ordinary commands may want one lock at the same moment: the second waits for a while, and says for whom. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../core/error.ts'
import type { Deployment } from '../engines/registry.ts'
import { say } from './output.ts'

export interface LockPatience {
  readonly longestMs?: number
  /** Asked after each attempt that failed: true when to wait would be vain. */
  isVain?(): Promise<boolean>
  readonly signal?: AbortSignal | undefined
}

const LONGEST_MS = 60_000
const LOOK_MS = 250

/** Repeats an attempt that has done nothing as long as a lock is held. Errors: those of the attempt. */
export async function waitForLock<T>(
  attempt: () => Promise<T>,
  { longestMs = LONGEST_MS, isVain, signal }: LockPatience = {},
): Promise<T> {
  const endMs = performance.now() + longestMs
  for (let isTold = false; ; isTold = true) {
    try {
      return await attempt()
    } catch (error) {
      if (!isLocked(error) || performance.now() >= endMs || (await isVain?.())) throw error
      if (!isTold) say(`millrace: ${describeWait(error, longestMs)}`)
      await sleep(LOOK_MS, undefined, { ...(signal && { signal }) })
    }
  }
}

/** Somebody is at work, and the attempt has done nothing. */
export function isLocked(error: unknown): error is MillraceError {
  return error instanceof MillraceError && LOCKED.includes(error.code)
}

const LOCKED: readonly string[] = ['ARCHIVE_LOCKED', 'DATA_LOCKED', 'INGEST_LOG_OPEN']

function describeWait({ params }: MillraceError, longestMs: number): string {
  const what = 'source' in params ? `source ${params['source']}` : 'this data folder'
  return `Waiting for process ${params['pid']}, which is at work on ${what}, for up to ${Math.round(longestMs / 1000)} seconds.`
}

/** A server keeps its locks for as long as it runs. */
export async function isServed(deployment: Deployment): Promise<boolean> {
  const { openLink } = await import('../engines/registry.ts')
  const link = await openLink(deployment)
  link?.close()
  return link !== undefined
}
