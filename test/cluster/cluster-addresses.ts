/** Where the engines of the running cluster are, and how a test kills and restarts their processes. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface HdfsAddress {
  /** The NameNode's WebHDFS and pages, such as http://127.0.0.1:18070. */
  readonly http: string
  /** Such as hdfs://127.0.0.1:18020. */
  readonly rpc: string
  /** The superuser's name; permissions are not checked. */
  readonly user: string
  readonly nameNode: HdfsProcess
  readonly dataNodes: readonly DataNode[]
}

export interface HdfsProcess {
  /** As `killProcess` and `startProcess` take it. */
  readonly name: string
  readonly pid: number
  /** All that it stores; a test may delete it while the process is dead. */
  readonly folder: string
}

export interface DataNode extends HdfsProcess {
  readonly http: string
  /** host:port of its data transfer, as the NameNode lists it. */
  readonly transfer: string
}

export interface SparkAddress {
  /** Such as spark://127.0.0.1:18040. */
  readonly master: string
  /** The master's page; `/json/` below it says the same to programs. */
  readonly ui: string
  readonly workerUi: string
  /** SPARK_HOME. */
  readonly home: string
  readonly javaHome: string
}

export interface PostgresAddress {
  /** Of the user `millrace`, who owns the database `metrics`; with its password. */
  readonly url: string
  /** Of the superuser. */
  readonly adminUrl: string
  readonly port: number
  readonly folder: string
}

export interface KafkaAddress {
  /** host:port, several joined by commas. */
  readonly brokers: string
  /** Its jars are in `lib` below. */
  readonly home: string
  readonly javaHome: string
}

export interface FlinkAddress {
  /** The JobManager's page and REST interface. */
  readonly rest: string
  /** The SQL Gateway's REST interface. */
  readonly gateway: string
  readonly checkpoints: string
  readonly savepoints: string
}

export interface ClusterAddresses {
  readonly kafka: KafkaAddress
  readonly flink: FlinkAddress
  readonly hdfs: HdfsAddress
  readonly spark: SparkAddress
  readonly postgres: PostgresAddress
}

const root = fileURLToPath(new URL('../../', import.meta.url))

export function clusterFolder(): string {
  return resolve(root, process.env.MILLRACE_CLUSTER_DIR ?? '.millrace-cluster')
}

/** The part of one engine; throws when `npm run cluster -- up` has not started it. */
export function clusterAddress<Name extends keyof ClusterAddresses>(engine: Name): ClusterAddresses[Name] {
  const state = join(clusterFolder(), 'state.json')
  const addresses: Partial<ClusterAddresses> = existsSync(state)
    ? JSON.parse(readFileSync(state, 'utf8'))
    : {}
  const address = addresses[engine]
  if (address) return address
  throw new Error(`${engine} is not in ${state}; run "npm run cluster -- up ${engine}" first`)
}

interface ProcessControl {
  killProcess(name: string): Promise<void>
  stopProcess(name: string): Promise<void>
  startProcess(name: string): Promise<void>
}

/** Plain JavaScript without types, which TypeScript need not look into. */
async function processControl(): Promise<ProcessControl> {
  return import(new URL('../../scripts/cluster/process-control.mjs', import.meta.url).href)
}

/** SIGKILL to the process alone, as a crash would; resolves when it is gone. */
export async function killProcess(name: string): Promise<void> {
  return (await processControl()).killProcess(name)
}

/** Asks the process to end, as an operator would; resolves when it is gone. */
export async function stopProcess(name: string): Promise<void> {
  return (await processControl()).stopProcess(name)
}

/** Starts a process that was killed or stopped; resolves when it answers. */
export async function startProcess(name: string): Promise<void> {
  return (await processControl()).startProcess(name)
}
