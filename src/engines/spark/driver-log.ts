/** Logs of drivers in the data folder: those of the last few failed ones stay, for people. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const KEPT = 5

/** A path for the log of a new driver; it is written there from the start, so that a full disk loses nothing of it. */
export async function makeDriverLog(folder: string, now: Date): Promise<string> {
  await mkdir(folder, { recursive: true })
  const logs = (await readdir(folder)).filter((name) => /^spark-.*\.log$/.test(name)).sort()
  for (const old of logs.slice(0, Math.max(0, logs.length - KEPT + 1)))
    await rm(join(folder, old), { force: true })
  return join(folder, `spark-${now.toISOString().replaceAll(/[:.]/g, '-')}-${process.pid}.log`)
}
