/** Where a cluster keeps its files, which ports it takes, and where downloaded engines are cached. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { root } from '../build.mjs'

const DEFAULT_PORT_BASE = 18_000
/** The highest offset that an engine adds to the base, and some room. */
const PORTS_USED = 200

/** `env` gives MILLRACE_CLUSTER_DIR and MILLRACE_CLUSTER_PORT_BASE, with which two clusters live side by side. */
export function readSettings(env = process.env) {
  const folder = resolve(root, env.MILLRACE_CLUSTER_DIR || '.millrace-cluster')
  const text = env.MILLRACE_CLUSTER_PORT_BASE || String(DEFAULT_PORT_BASE)
  const portBase = Number(text)
  if (!Number.isInteger(portBase) || portBase < 1024 || portBase > 65_535 - PORTS_USED)
    throw new Error(`MILLRACE_CLUSTER_PORT_BASE is ${text}; it must be from 1024 to ${65_535 - PORTS_USED}`)
  return { folder, portBase }
}

/** One folder for every clone of the repository. */
export function enginesFolder(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace/engines')
}
