/** Tells one process from every later one with the same number, and finds what it has left behind. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** `<pid>-<start, clock ticks since boot>-<boot>`, or undefined when there is no such process. */
export function identityOf(pid) {
  const stat = readStat(pid)
  return stat && `${pid}-${stat.ticks}-${bootId()}`
}

export function pidOf(identity) {
  return Number(identity.split('-')[0])
}

/** False when the process is gone, is a zombie, or another one has its number by now. */
export function isAlive(identity) {
  const stat = readStat(pidOf(identity))
  return stat !== undefined && !stat.isDead && identityOf(pidOf(identity)) === identity
}

/** Live processes of the session that this one began, itself included; nobody else's, even if its number is reused. */
export function sessionOf(identity) {
  const [pid, ticks, boot] = identity.split('-')
  if (boot !== bootId()) return []
  const leader = readStat(Number(pid))
  // Linux gives no new process the number of a session that still has members.
  if (leader && leader.ticks !== ticks) return []
  return listPids().filter((member) => {
    const stat = readStat(member)
    return stat && stat.session === pid && !stat.isDead && Number(stat.ticks) >= Number(ticks)
  })
}

/** Identities of all that a process has started, directly or not, as long as those between are alive. */
export function descendantsOf(pid) {
  if (!existsSync('/proc')) return []
  const parents = new Map(listPids().map((one) => [one, Number(readStat(one)?.parent)]))
  const found = new Set([pid])
  // A child may have a smaller number than its parent, once numbers have begun again.
  for (let before = 0; before < found.size; ) {
    before = found.size
    for (const [one, parent] of parents) if (found.has(parent)) found.add(one)
  }
  found.delete(pid)
  return [...found].map(identityOf).filter((identity) => identity !== undefined)
}

/** Gives no error when the process is gone. */
export function signalProcess(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function listPids() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** Fields 3, 4, 6 and 22 of /proc/PID/stat (proc(5)); field 2 is the only one that may hold spaces, in brackets. */
function readStat(pid) {
  let text
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { isDead: 'ZX'.includes(fields[0]), parent: fields[1], session: fields[3], ticks: fields[19] }
}

function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
}
