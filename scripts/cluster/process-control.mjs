/** Kills, stops and starts one process of a cluster that is up, by name; for tests of faults. */
import { selectEngines } from './engines.mjs'
import { placeEngine } from './place.mjs'
import { crashProcess, endProcess, launchProcess } from './process-launch.mjs'
import { readSettings } from './settings.mjs'
import { writeAddress } from './start-engines.mjs'
import { readState } from './state-file.mjs'

/** SIGKILL, to the process alone; resolves when it is gone. Names: see `npm run cluster -- status`. */
export async function killProcess(name) {
  await crashProcess(recordOf(name).identity)
}

/** As `down` stops it; what it stores stays. */
export async function stopProcess(name) {
  const { identity, stopSignal } = recordOf(name)
  await endProcess(identity, stopSignal)
}

/** Starts it with the data that it has; resolves when it answers. Throws when it runs. */
export async function startProcess(name) {
  const { folder } = readSettings()
  const [engine] = selectEngines([recordOf(name).engine])
  const place = await placeEngine(engine, { folder, portBase: readState(folder).portBase })
  const spec = engine.processes(place).find((process) => process.name === name)
  await launchProcess(place, spec)
  writeAddress(engine, place)
}

function recordOf(name) {
  const { folder } = readSettings()
  const { processes } = readState(folder)
  if (processes[name]) return processes[name]
  const known = Object.keys(processes).join(', ') || 'none'
  throw new Error(`the cluster in ${folder} has no process ${name}; it has ${known}`)
}
