/** Spark: a standalone master and one worker, of the jars that the Python package brings. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchJson } from './http-json.mjs'
import { javaOptions } from './java-options.mjs'
import { downloadPackage } from './pip.mjs'
import { runProgram } from './run-program.mjs'

const VERSION = '4.1.4'
/** Of the source package, as the registry has it. */
const SDIST_SHA256 = 'bcbd5e18690cf79d438e97210ad06fb8d451a251bb77becc2b0418868d2acd73'
const WORKER = { cores: 2, memory: '2g' }
const LOG4J = `rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n%ex
`

export const spark = {
  name: 'spark',
  title: 'Spark',
  testNames: /spark/i,
  needsJava: true,
  software: {
    version: VERSION,
    from: 'PyPI (456 MB)',
    contents: ['bin', 'jars'],
    digest: 'dfd9214ad187bc9bcb4e574e2b8ffa71fe2da154f5510f831257139a8a0db377',
    tools: ['pip', 'tar'],
  },
  fetch,
  prepare,
  processes,
  check,
  address,
  pages: ({ ui }) => ui,
  dataFolders: ({ data }) => [data],
}

function fetch(folder) {
  const scratch = join(folder, 'download')
  downloadPackage('Spark', scratch, `pyspark==${VERSION}`, SDIST_SHA256)
  const name = `pyspark-${VERSION}`
  const unpack = [
    '-xzf',
    join(scratch, `${name}.tar.gz`),
    '-C',
    folder,
    '--strip-components=2',
    `${name}/deps`,
  ]
  runProgram('Spark could not be unpacked', 'tar', [...unpack, '--no-same-owner'])
  rmSync(scratch, { recursive: true, force: true })
}

function prepare({ data }) {
  for (const name of ['settings', 'work', 'local']) mkdirSync(join(data, name), { recursive: true })
  writeFileSync(join(data, 'settings/log4j2.properties'), LOG4J)
}

function processes(place) {
  const { data, port } = place
  const host = ['--host', '127.0.0.1', '--port']
  const master = {
    name: 'spark-master',
    ...sparkClass(place, 'master.Master', [...host, `${port(40)}`, '--webui-port', `${port(41)}`]),
    ports: [port(40), port(41)],
    check: () => checkMaster(place),
  }
  const limits = ['--cores', `${WORKER.cores}`, '--memory', WORKER.memory, '--work-dir', join(data, 'work')]
  const worker = {
    name: 'spark-worker',
    ...sparkClass(place, 'worker.Worker', [
      ...[...host, `${port(42)}`, '--webui-port', `${port(43)}`],
      ...[...limits, masterUrl(place)],
    ]),
    ports: [port(42), port(43)],
    // A worker that finds no master waits long before it asks again.
    after: 'spark-master',
    check: () => check(place),
  }
  return [master, worker].map((spec) => ({ engine: 'spark', cwd: data, ...spec }))
}

/** `bin/spark-class` becomes the Java process that it starts. */
function sparkClass({ data, home, javaHome }, name, args) {
  const settings = join(data, 'settings')
  const options = [
    `-Dlog4j2.configurationFile=${join(settings, 'log4j2.properties')}`,
    ...javaOptions(),
    // Its port would be the same for two clusters.
    '-Dspark.master.rest.enabled=false',
  ].join(' ')
  return {
    command: join(home, 'bin/spark-class'),
    args: [`org.apache.spark.deploy.${name}`, ...args],
    env: {
      JAVA_HOME: javaHome,
      SPARK_HOME: home,
      SPARK_CONF_DIR: settings,
      SPARK_LOCAL_IP: '127.0.0.1',
      SPARK_PUBLIC_DNS: '127.0.0.1',
      SPARK_LOCAL_DIRS: join(data, 'local'),
      SPARK_DAEMON_MEMORY: '256m',
      SPARK_MASTER_OPTS: options,
      SPARK_WORKER_OPTS: options,
      HADOOP_USER_NAME: 'millrace',
    },
  }
}

async function checkMaster(place) {
  const state = await fetchJson(`${masterUi(place)}/json/`)
  if (state.status !== 'ALIVE') throw new Error(`the master says that it is ${state.status}`)
  return state
}

/** The master counts the worker as alive, and the worker itself answers. */
async function check(place) {
  const { workers } = await checkMaster(place)
  const port = place.port(42)
  if (!workers.some((worker) => worker.state === 'ALIVE' && worker.port === port))
    throw new Error('the master knows no live worker')
  await fetchJson(`${workerUi(place)}/json/`)
}

const masterUrl = ({ port }) => `spark://127.0.0.1:${port(40)}`
const masterUi = ({ port }) => `http://127.0.0.1:${port(41)}`
const workerUi = ({ port }) => `http://127.0.0.1:${port(43)}`

function address(place) {
  return {
    master: masterUrl(place),
    ui: masterUi(place),
    workerUi: workerUi(place),
    home: place.home,
    javaHome: place.javaHome,
  }
}
