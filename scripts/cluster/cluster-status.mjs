/** Prints what runs, where, and whether it truly answers. */
import { selectEngines } from './engines.mjs'
import { placeData } from './place.mjs'
import { isAlive } from './process-identity.mjs'
import { readSettings } from './settings.mjs'
import { readState } from './state-file.mjs'

/** Gives true when every engine asked for (all that were started, when none is named) answers. */
export async function printStatus(names) {
  const settings = readSettings()
  const state = readState(settings.folder)
  console.log(`cluster in ${settings.folder}`)
  let isWell = true
  for (const engine of selectEngines(names)) {
    const records = Object.entries(state.processes).filter(([, record]) => record.engine === engine.name)
    const health = records.length === 0 ? 'down' : await healthOf(engine, settings, state, records)
    if (health !== 'answers' && (records.length > 0 || names.length > 0)) isWell = false
    console.log(
      `${engine.title}: ${health}${state[engine.name] ? ` ${engine.pages(state[engine.name])}` : ''}`,
    )
    for (const [name, { pid, identity, log }] of records)
      console.log(`  ${name.padEnd(14)} ${isAlive(identity) ? `runs as ${pid}` : 'is dead'}, log ${log}`)
  }
  return isWell
}

async function healthOf(engine, { folder }, { portBase }, records) {
  if (records.every(([, { identity }]) => !isAlive(identity))) return 'dead'
  try {
    await engine.check(placeData(engine, { folder, portBase }))
    return 'answers'
  } catch (error) {
    return `does not answer as it should (${error.cause?.message ?? error.message})`
  }
}
