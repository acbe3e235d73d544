/** Runs one script as one Spark application: a process group that is gone when this returns, or when its parent dies. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Submission {
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Spark leaves scratch folders here. */
  readonly folder: string
  /** Gets all that the driver says. */
  readonly logPath: string
  readonly signal: AbortSignal
}

/** How long the driver may take to leave its master after SIGTERM. */
const GRACE_MS = 10_000

/**
 * Starts the driver and stays between: descriptor 3 ends when this process dies, by kill -9 too, and then the driver
 * is ended. On SIGTERM, which the driver gets as well, it waits for the driver.
 */
const GUARD = `
"$@" 3<&- & driver=$!
trap : TERM
( read -r line <&3
  kill -TERM "$driver"
  left=10
  while [ $left -gt 0 ] && kill -0 "$driver"; do sleep 1; left=$((left - 1)); done
  kill -KILL "$driver" ) 2>/dev/null & guard=$!
exec 3<&-
wait "$driver"; status=$?
while kill -0 "$driver" 2>/dev/null; do wait "$driver"; status=$?; done
kill -KILL "$guard" 2>/dev/null
exit "$status"
`

/** The exit status, or the signal that ended the driver; an abort ends it too. */
export async function submit(submission: Submission): Promise<number | NodeJS.Signals> {
  const { program, args, env, folder, logPath, signal } = submission
  const log = openSync(logPath, 'a')
  const child = spawn('/bin/sh', ['-c', GUARD, 'sh', program, ...args], {
    ...{ cwd: folder, env, detached: true },
    stdio: ['ignore', log, log, 'pipe'],
  })
  closeSync(log)
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, killed) => resolve(killed ?? outcomeOf(code ?? 1)))
  })
  const stop = () => void endGroup(child.pid, ended)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  const kill = () => sendGroup(child.pid, 'SIGKILL')
  process.once('exit', kill)
  try {
    return await ended
  } finally {
    kill()
    signal.removeEventListener('abort', stop)
    process.removeListener('exit', kill)
  }
}

/** A shell's status above 128 tells the signal that ended its child. */
function outcomeOf(status: number): number | NodeJS.Signals {
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][]
  return names.find(([, number]) => number === status - 128)?.[0] ?? status
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
