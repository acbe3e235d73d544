/** Starts one process in a session of its own, waits until it answers, and stops it. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tailLog } from './log-tail.mjs'
import { identityOf, isAlive, pidOf, sessionOf, signalProcess } from './process-identity.mjs'
import { readState, updateState } from './state-file.mjs'

const ANSWER_MS = 240_000
const STOP_MS = 15_000
/** A process that ends at once may do so for a killed one that its parent has not buried, or for its children. */
const RETRY_MS = 60_000

/** Waits until the process answers, and tries again for a while when it ends. Throws with the end of its log. */
export async function launchProcess(place, spec) {
  await endLeftovers(place, spec.name)
  const startedMs = Date.now()
  let launched = await spawnProcess(place, spec)
  for (;;) {
    const problem = await problemOf(spec)
    if (problem === undefined) return
    const waitedMs = Date.now() - startedMs
    if (!isAlive(launched.identity)) {
      if (!spec.retries || waitedMs > RETRY_MS) throw new Error(describe('ended', spec, launched, problem))
      await sleep(500)
      launched = await spawnProcess(place, spec)
    }
    if (waitedMs > ANSWER_MS) throw new Error(describe('does not answer', spec, launched, problem))
    await sleep(150)
  }
}

/** Undefined when the process answers as it should. */
async function problemOf({ check }) {
  try {
    await check()
    return undefined
  } catch (error) {
    return error
  }
}

function describe(what, spec, { log, logStart }, problem) {
  return `${spec.name} ${what} (${problem.cause?.message ?? problem.message}). The end of ${log}:\n${tailLog(log, logStart)}`
}

/** Recorded before anything else happens, so that a crash of ours leaves no process that nobody knows. */
async function spawnProcess(
  { folder, data },
  { name, engine, command, args, cwd, env, stopSignal, ids = {} },
) {
  const log = join(data, 'logs', `${name}.log`)
  mkdirSync(dirname(log), { recursive: true })
  const file = openSync(log, 'a')
  const logStart = statSync(log).size
  const child = spawn(command, args, {
    cwd,
    env: { ...basicEnvironment(), ...env },
    ...ids,
    detached: true,
    stdio: ['ignore', file, file],
  })
  closeSync(file)
  if (child.pid === undefined) {
    const [error] = await new Promise((resolve) => child.once('error', (...args) => resolve(args)))
    throw new Error(`${name} could not be started: ${error.message}`)
  }
  const { pid } = child
  const identity = identityOf(pid)
  updateState(folder, ({ processes }) => {
    processes[name] = { engine, pid, identity, log, ...(stopSignal && { stopSignal }) }
  })
  child.unref()
  return { identity, log, logStart }
}

/** Nothing else of the caller's environment, so that its JAVA_TOOL_OPTIONS or SPARK_CONF_DIR change nothing. */
function basicEnvironment() {
  const { PATH = '', HOME = '/', TMPDIR } = process.env
  return { PATH, HOME, LANG: 'C.UTF-8', TZ: 'UTC', ...(TMPDIR && { TMPDIR }) }
}

/** `stopSignal` goes to the process, and SIGKILL to all of its session that is still there after a while. */
export async function endProcess(identity, stopSignal = 'SIGTERM') {
  const canEndOthers = isAlive(identity)
  if (canEndOthers) signalProcess(pidOf(identity), stopSignal)
  if (await isGone(identity, canEndOthers ? STOP_MS : 0)) return
  for (const pid of sessionOf(identity)) signalProcess(pid, 'SIGKILL')
  if (!(await isGone(identity, STOP_MS))) throw new Error(`process ${pidOf(identity)} does not end`)
}

/** SIGKILL to the process alone. */
export async function crashProcess(identity) {
  if (isAlive(identity)) signalProcess(pidOf(identity), 'SIGKILL')
  const giveUpMs = Date.now() + STOP_MS
  while (isAlive(identity)) {
    if (Date.now() > giveUpMs) throw new Error(`process ${pidOf(identity)} does not end`)
    await sleep(20)
  }
}

/** A process that was killed may have left children, such as Spark's executors. */
async function endLeftovers({ folder }, name) {
  const record = readState(folder).processes[name]
  if (!record) return
  if (isAlive(record.identity)) throw new Error(`${name} runs already, as process ${record.pid}`)
  await endProcess(record.identity)
}

async function isGone(identity, patienceMs) {
  const giveUpMs = Date.now() + patienceMs
  while (sessionOf(identity).length > 0) {
    if (Date.now() > giveUpMs) return false
    await sleep(50)
  }
  return true
}
