/** Brings engines up: fetches what is missing, starts what does not run, and waits for true answers. */
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { withClusterLock } from './cluster-lock.mjs'
import { requireFetchTools } from './engine-cache.mjs'
import { selectEngines } from './engines.mjs'
import { placeEngine } from './place.mjs'
import { requireFreePorts } from './ports.mjs'
import { isAlive } from './process-identity.mjs'
import { launchProcess } from './process-launch.mjs'
import { readSettings } from './settings.mjs'
import { readState, updateState } from './state-file.mjs'
import { stopProcesses } from './stop-engines.mjs'

const CHECK_MS = 240_000

/** Safe to run again; an engine that does not come up is stopped, and named in the error. */
export async function startEngines(names) {
  const settings = readSettings()
  await withClusterLock(settings.folder, async () => {
    const selected = selectEngines(names)
    keepPorts(settings)
    requireFetchTools(selected)
    const places = new Map()
    for (const engine of selected) places.set(engine, await placeEngine(engine, settings))
    const outcomes = await Promise.allSettled(
      selected.map((engine) => startEngine(engine, places.get(engine))),
    )
    const problems = outcomes.filter(({ reason }) => reason).map(({ reason }) => reason.message)
    if (problems.length > 0) throw new Error(problems.join('\n\n'))
  })
}

/** The ports are written into settings of processes that run: they cannot change under them. */
function keepPorts({ folder, portBase }) {
  const { portBase: before, processes } = readState(folder)
  const running = Object.values(processes).some(({ identity }) => isAlive(identity))
  if (running && before !== portBase)
    throw new Error(
      `the cluster in ${folder} runs with MILLRACE_CLUSTER_PORT_BASE=${before}, not ${portBase}; ` +
        'set that, or take the cluster down first',
    )
  updateState(folder, (state) => {
    state.portBase = portBase
  })
}

async function startEngine(engine, place) {
  const startedMs = Date.now()
  try {
    const missing = await startMissing(engine, place)
    await untilAnswers(engine, place)
    writeAddress(engine, place)
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
    const how = missing === 0 ? 'runs already' : `is ready after ${seconds} s`
    console.log(
      `cluster: ${engine.title} ${engine.software.version} ${how}: ${engine.pages(engine.address(place, () => 0))}`,
    )
  } catch (error) {
    await stopProcesses(place, [engine])
    throw new Error(`${engine.title} did not come up: ${error.message}`)
  }
}

/** Gives the number of processes that had to be started. */
async function startMissing(engine, place) {
  const { processes } = readState(place.folder)
  mkdirSync(place.data, { recursive: true })
  const specs = engine.processes(place)
  const missing = specs.filter(({ name }) => !processes[name] || !isAlive(processes[name].identity))
  if (missing.length === 0) return 0
  await requireFreePorts(missing.flatMap(({ name, ports }) => ports.map((port) => ({ port, owner: name }))))
  await engine.prepare(place)
  const started = new Map()
  for (const spec of missing)
    started.set(
      spec.name,
      Promise.resolve(started.get(spec.after)).then(() => launchProcess(place, spec)),
    )
  await allOf([...started.values()])
  return missing.length
}

/** Waits for all, so that nothing is still starting when the first failure is dealt with. */
async function allOf(promises) {
  const failed = (await Promise.allSettled(promises)).find(({ status }) => status === 'rejected')
  if (failed) throw failed.reason
}

async function untilAnswers(engine, place) {
  const giveUpMs = Date.now() + CHECK_MS
  for (;;) {
    try {
      return await engine.check(place)
    } catch (error) {
      if (Date.now() > giveUpMs) throw new Error(`${error.message}; its logs are in ${place.data}/logs`)
    }
    await sleep(250)
  }
}

/** The numbers of processes change when they are started again. */
export function writeAddress(engine, { folder, ...place }) {
  updateState(folder, (state) => {
    state[engine.name] = engine.address({ folder, ...place }, (name) => state.processes[name]?.pid)
  })
}
