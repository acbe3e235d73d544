/** What `spark-sql` is told: its arguments and its environment. */
import { join } from 'node:path'
import { sparkConf } from './dialect.ts'

export interface DriverSettings {
  readonly master: string
  readonly memory: string
  readonly cores?: number | undefined
  /** Entries win over all that is set here, save what the dialect's meaning depends on. */
  readonly conf?: Readonly<Record<string, string>> | undefined
  readonly jars?: readonly string[] | undefined
  /** The name under which HDFS knows this user. */
  readonly user?: string | undefined
}

export interface Application {
  /** Under which the pages of the master list it. */
  readonly name: string
  readonly folder: string
  /** The script. */
  readonly job: string
}

export function driverArguments(settings: DriverSettings, { name, folder, job }: Application): string[] {
  const { master, memory, cores, jars, conf } = settings
  const all: Record<string, string> = {
    'spark.app.name': name,
    // Progress is read there. No port that somebody else may have, and nobody ends a run by a page.
    'spark.ui.enabled': 'true',
    'spark.ui.port': '0',
    'spark.ui.killEnabled': 'false',
    // How often an executor tells how far it is; the default of 10 s makes a progress bar jump.
    'spark.executor.heartbeatInterval': '2s',
    'spark.sql.catalogImplementation': 'in-memory',
    'spark.sql.warehouse.dir': join(folder, 'warehouse'),
    'spark.sql.adaptive.enabled': 'true',
    // A cache of a few groups would have a task for each shuffle partition, in each statement that reads it.
    'spark.sql.optimizer.canChangeCachedPlanOutputPartitioning': 'true',
    // A view would keep its text alone, which each statement that reads it parses and analyses anew.
    'spark.sql.legacy.storeAnalyzedPlanForView': 'true',
    // A statement is one stage inside another, each of which takes the analyzer a few rounds; its default is 100 in all.
    'spark.sql.analyzer.maxIterations': '1000',
    // The JVM interprets longer methods; of a source with many fields Spark then compiles expressions one by one.
    'spark.sql.codegen.hugeMethodLimit': '8000',
    // A record is read two or three times, which does not pay for its compression.
    'spark.sql.inMemoryColumnarStorage.compressed': 'false',
    ...(isNear(master) && { 'spark.driver.host': '127.0.0.1', 'spark.driver.bindAddress': '127.0.0.1' }),
    ...{ 'spark.driver.memory': memory, 'spark.executor.memory': memory },
    ...(cores && { 'spark.cores.max': String(cores) }),
    ...conf,
    ...sparkConf,
  }
  const confs = Object.entries(all).flatMap(([key, value]) => ['--conf', `${key}=${value}`])
  return ['--master', master, ...(jars?.length ? ['--jars', jars.join(',')] : []), ...confs, '-f', job]
}

/** All that the driver leaves on this machine is below `folder`, also after kill -9, unless the user chose a place. */
export function driverEnvironment(
  { master, user, conf }: DriverSettings,
  folder: string,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const hasPlace = env.SPARK_LOCAL_DIRS !== undefined || conf?.['spark.local.dir'] !== undefined
  const temporary = `"-Djava.io.tmpdir=${join(folder, 'tmp').replace(/[\\"]/g, '\\$&')}"`
  return {
    ...env,
    SPARK_SUBMIT_OPTS: [temporary, env.SPARK_SUBMIT_OPTS].filter(Boolean).join(' '),
    ...(!hasPlace && { SPARK_LOCAL_DIRS: join(folder, 'scratch') }),
    ...(isNear(master) && { SPARK_LOCAL_IP: '127.0.0.1' }),
    ...(user && { HADOOP_USER_NAME: user }),
  }
}

/** Is the master on this machine, so that nobody else has to reach the driver? */
export function isNear(master: string): boolean {
  return /^local\b|^spark:\/\/(127\.0\.0\.1|localhost):/.test(master)
}
