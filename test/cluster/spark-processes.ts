/** What runs of Spark on this machine: drivers of a data folder, executors of an application, what the master lists. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Application {
  readonly id: string
  readonly name: string
}

/** As the master's page tells. */
export async function activeApplications(ui: string): Promise<readonly Application[]> {
  return (await askMaster(ui)).activeapps
}

/** Of all applications that this master has had. */
export async function allExecutors(ui: string): Promise<number[]> {
  const { activeapps, completedapps } = await askMaster(ui)
  return executorsOf(...[...activeapps, ...completedapps].map(({ id }) => id))
}

async function askMaster(
  ui: string,
): Promise<Record<'activeapps' | 'completedapps', readonly Application[]>> {
  const answer = await fetch(`${ui}/json/`)
  return (await answer.json()) as Record<'activeapps' | 'completedapps', readonly Application[]>
}

/** Drivers whose job lies in this folder, and the shells that start and guard them. */
export function processesOf(dataDir: string): Promise<number[]> {
  return processesWith((words) => words.includes('-f') && words.some((word) => word.startsWith(dataDir)))
}

/** The driver itself, once there is one. */
export async function driverOf(dataDir: string): Promise<number | undefined> {
  const drivers = await processesWith(
    (words) =>
      words.includes('org.apache.spark.deploy.SparkSubmit') &&
      // A Java process of its own, which only finds out how to start the driver.
      !words.includes('org.apache.spark.launcher.Main') &&
      words[0]!.endsWith('java') &&
      words.some((word) => word.startsWith(dataDir)),
  )
  return drivers[0]
}

/** The Java processes alone. */
export function executorsOf(...applications: readonly string[]): Promise<number[]> {
  return processesWith(
    (words) =>
      words.includes('org.apache.spark.executor.CoarseGrainedExecutorBackend') &&
      words.some((word) => applications.includes(word)),
  )
}

/** Resolves when it is gone. */
export async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await waitUntil(async () => !(await processesWith(() => true)).includes(pid), `process ${pid} to end`)
}

/** The first answer that is neither undefined nor false. */
export async function waitUntil<T>(
  look: () => Promise<T | undefined | false>,
  what: string,
  patienceMs = 60_000,
): Promise<T> {
  for (const giveUp = Date.now() + patienceMs; Date.now() < giveUp; await sleep(250)) {
    const found = await look()
    if (found !== undefined && found !== false) return found
  }
  throw new Error(`waited in vain for ${what}`)
}

/** Zombies have no words. */
async function processesWith(test: (words: readonly string[]) => boolean): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (line !== '' && test(line.split('\0'))) found.push(Number(name))
  }
  return found
}
