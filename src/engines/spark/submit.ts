/** Runs one script as one Spark application: a process group that is gone when this returns. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../../core/error.ts'

export interface Submission {
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Spark leaves scratch folders here. */
  readonly folder: string
  /** Gets all that the driver says. */
  readonly logPath: string
  readonly signal?: AbortSignal | undefined
}

/** How long the driver may take to leave its master after SIGTERM. */
const GRACE_MS = 10_000

/** The exit status, or the signal that ended the driver. Errors: BATCH_CANCELLED. */
export async function submit(submission: Submission): Promise<number | NodeJS.Signals> {
  const { program, args, env, folder, logPath, signal } = submission
  if (signal?.aborted) throw new MillraceError('BATCH_CANCELLED')
  const log = openSync(logPath, 'a')
  const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, killed) => resolve(code ?? killed ?? 1))
  })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= endGroup(child.pid, ended)
  }
  signal?.addEventListener('abort', stop)
  const kill = () => sendGroup(child.pid, 'SIGKILL')
  process.once('exit', kill)
  try {
    const outcome = await ended
    await stopped
    if (signal?.aborted) throw new MillraceError('BATCH_CANCELLED')
    return outcome
  } finally {
    signal?.removeEventListener('abort', stop)
    process.removeListener('exit', kill)
  }
}

/** SIGTERM lets the driver tell its master that the application is over. */
async function endGroup(pid: number | undefined, ended: Promise<unknown>): Promise<void> {
  sendGroup(pid, 'SIGTERM')
  const late = new AbortController()
  const isOver = await Promise.race([
    ended.then(
      () => true,
      () => true,
    ),
    sleep(GRACE_MS, false, { signal: late.signal }).catch(() => false),
  ])
  late.abort()
  if (!isOver) sendGroup(pid, 'SIGKILL')
}

function sendGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is gone, which is what was wanted.
  }
}
