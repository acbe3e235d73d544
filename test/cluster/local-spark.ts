/** Spark on this machine for tests: one application of two threads, without a cluster. */
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SparkBatchEngine } from '../../src/engines/spark/batch.ts'
import type { OpenEngine } from '../pipeline.ts'
import { smallSpark } from './small-spark.ts'

/** As `npm run cluster` fetches it. */
export const SPARK_VERSION = '4.1.4'

/** `conf` goes before the settings for small data. */
export function localSpark(conf: Readonly<Record<string, string>> = {}): OpenEngine {
  return async ({ dataDir }) => {
    const workDir = join(dataDir, 'spark')
    mkdirSync(workDir, { recursive: true })
    return new SparkBatchEngine({
      master: 'local[2]',
      memory: '3g',
      home: sparkHome(),
      conf: { ...smallSpark(), ...conf },
      workDir,
      logDir: join(dataDir, 'logs'),
    })
  }
}

/** Of SPARK_HOME, else where `npm run test:cluster` keeps the engines. */
export function sparkHome(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace', 'engines')
  const home = process.env.SPARK_HOME ?? join(cache, `spark-${SPARK_VERSION}`)
  if (!existsSync(home)) throw new Error(`Spark is not in ${home}; run "npm run cluster -- up spark" first`)
  return home
}
