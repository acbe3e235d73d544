/** The cluster's state.json: addresses for tests and people, and the processes that are ours. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** `{ portBase?, processes: { name: { engine, pid, identity, log } }, hdfs?, spark?, postgres? }`. */
export function readState(folder) {
  let text
  try {
    text = readFileSync(statePath(folder), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return { processes: {} }
    throw error
  }
  return JSON.parse(text)
}

/** Changes it in one step, so that a reader never sees half of it. */
export function updateState(folder, change) {
  const state = readState(folder)
  change(state)
  mkdirSync(folder, { recursive: true })
  const part = `${statePath(folder)}.${process.pid}`
  writeFileSync(part, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(part, statePath(folder))
  return state
}

function statePath(folder) {
  return join(folder, 'state.json')
}
