/** Roles on the running cluster, each use with a folder and a schema of its own. */
import { randomBytes } from 'node:crypto'
import type { Deployment } from '../../src/engines/registry.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { smallSpark } from './small-spark.ts'

type Roles = Required<
  Omit<Deployment, 'dataDir' | 'log' | 'sources' | 'patienceMs' | 'signal' | 'onNews' | 'onArchiveWait'>
>

export interface ChosenRoles {
  readonly archive?: 'hdfs'
  readonly batch?: 'spark'
  readonly report?: 'postgres'
}

/** The embedded adapter for every role that is not named. */
export function clusterRoles({ archive, batch, report }: ChosenRoles): Roles {
  const name = `test_${randomBytes(6).toString('hex')}`
  return {
    stream: {},
    archive: archive ? { adapter: hdfs(name) } : {},
    batch: batch ? { adapter: spark() } : {},
    report: report ? { adapter: postgres(name) } : {},
  }
}

function hdfs(name: string) {
  const { http, user } = clusterAddress('hdfs')
  return { adapter: 'hdfs', address: http, options: { path: `/${name}`, user, replication: 3 } }
}

function spark() {
  const { master, home, javaHome } = clusterAddress('spark')
  process.env.JAVA_HOME ??= javaHome
  return { adapter: 'spark', address: master, options: { memory: '1g', home, conf: smallSpark() } }
}

function postgres(name: string) {
  return { adapter: 'postgres', address: clusterAddress('postgres').url, options: { schema: name } }
}
