/** Tells one process from every other, a later one with the same number included. */
import { readFileSync } from 'node:fs'

/** `<pid>-<start, clock ticks since boot>-<boot>`; where /proc is missing the last two parts are 0. */
export function identityOf(pid: number): string {
  return `${pid}-${startTicks(pid)?.ticks ?? 0}-${bootId()}`
}

/** False when the process is gone, is a zombie, or another one has its number by now. */
export function isAlive(identity: string): boolean {
  const [pid = '', ticks = '', boot = ''] = identity.split('-')
  if (!isRunning(Number(pid))) return false
  if (ticks === '0') return true
  const now = startTicks(Number(pid))
  return boot === bootId() && String(now?.ticks) === ticks && now?.state !== 'Z' && now?.state !== 'X'
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Fields 3 and 22 of /proc/PID/stat (proc(5)); field 2 is the only one that may hold spaces, in brackets. */
function startTicks(pid: number): { state: string; ticks: number } | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0]!, ticks: Number(fields[19]) }
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? '0'
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
