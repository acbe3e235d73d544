/** What an engine is told of where it lives: folders, ports and Java. */
import { join } from 'node:path'
import { fetchEngine } from './engine-cache.mjs'
import { findJavaHome } from './required-tools.mjs'

/** Fetches the engine's software when it is missing. `data` is the engine's own folder. */
export async function placeEngine(engine, { folder, portBase }) {
  const javaHome = engine.needsJava ? findJavaHome() : undefined
  const home = await fetchEngine(engine)
  return { ...placeData(engine, { folder, portBase }), home, javaHome }
}

/** The part that needs no software. */
export function placeData(engine, { folder, portBase }) {
  return { folder, data: join(folder, engine.name), port: (offset) => portBase + offset }
}
