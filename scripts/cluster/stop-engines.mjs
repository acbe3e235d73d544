/** Takes engines down, by recorded processes alone, and deletes what they stored. */
import { rmSync } from 'node:fs'
import { withClusterLock } from './cluster-lock.mjs'
import { selectEngines } from './engines.mjs'
import { placeData } from './place.mjs'
import { isAlive, sessionOf } from './process-identity.mjs'
import { endProcess } from './process-launch.mjs'
import { readSettings } from './settings.mjs'
import { readState, updateState } from './state-file.mjs'

export async function stopEngines(names) {
  const settings = readSettings()
  await withClusterLock(settings.folder, () => stopProcesses(settings, selectEngines(names)))
}

/** Stops, then deletes data and logs; the next start begins with nothing. */
export async function resetEngines(names) {
  const settings = readSettings()
  await withClusterLock(settings.folder, async () => {
    const selected = selectEngines(names)
    await stopProcesses(settings, selected)
    for (const engine of selected)
      for (const folder of engine.dataFolders(placeData(engine, settings)))
        rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    console.log(`cluster: ${selected.map(({ title }) => title).join(', ')}: all data deleted`)
  })
}

/** Also what crashed processes have left behind. */
export async function stopProcesses({ folder }, engines) {
  const names = engines.map(({ name }) => name)
  const ours = Object.entries(readState(folder).processes).filter(([, { engine }]) => names.includes(engine))
  const running = ours.filter(([, { identity }]) => isAlive(identity) || sessionOf(identity).length > 0)
  const outcomes = await Promise.allSettled(
    ours.map(([, { identity, stopSignal }]) => endProcess(identity, stopSignal)),
  )
  const stuck = outcomes.filter(({ status }) => status === 'rejected')
  if (stuck.length > 0) throw new Error(stuck.map(({ reason }) => reason.message).join('; '))
  updateState(folder, (state) => {
    for (const [name] of ours) delete state.processes[name]
    for (const name of names) delete state[name]
  })
  if (running.length > 0) console.log(`cluster: stopped ${running.map(([name]) => name).join(', ')}`)
}
