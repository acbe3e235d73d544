/** Flink: a JobManager, a TaskManager and a SQL Gateway, of the jars that the Python package brings. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { flinkConfig, LOG4J, OPEN_MODULES, taskManagerMemory } from './flink-settings.mjs'
import { fetchJson } from './http-json.mjs'
import { javaOptions } from './java-options.mjs'
import { fetchJars } from './maven.mjs'
import { installPackage } from './pip.mjs'

const VERSION = '2.2.1'
const WHEEL_SHA256 = '74dc5546fbd9add8fbcdf1222a237e09491f9b80296241aef8676ec56f8e686e'
const CONNECTORS = [
  'org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2',
  'org.apache.flink:flink-connector-jdbc-core:4.0.0-2.0',
  'org.apache.flink:flink-connector-jdbc-postgres:4.0.0-2.0',
  'org.postgresql:postgresql:42.7.14',
]
const GATEWAY = `org.apache.flink:flink-sql-gateway:${VERSION}`
const SLOTS = 2

export const flink = {
  name: 'flink',
  title: 'Flink',
  testNames: /flink/i,
  needsJava: true,
  software: {
    version: VERSION,
    from: 'PyPI and Maven (326 MB)',
    contents: ['lib', 'gateway'],
    digest: 'ebf68ab84ad53280403ef0743a7267ccc96d8a69391b46b25f438e412d4055ba',
    tools: ['pip', 'mvn'],
  },
  fetch,
  prepare,
  processes,
  check,
  address,
  pages: ({ rest }) => rest,
  dataFolders: ({ data }) => [data],
}

function fetch(folder) {
  const scratch = join(folder, 'download')
  installPackage('Flink', scratch, `apache-flink-libraries==${VERSION}`, WHEEL_SHA256)
  // SQL needs no Scala API; what it brings would stand in the way of the planner's own.
  const isWanted = (path) => !/flink-scala_[^/]*\.jar$/.test(path)
  cpSync(join(scratch, 'pyflink/lib'), join(folder, 'lib'), { recursive: true, filter: isWanted })
  rmSync(scratch, { recursive: true, force: true })
  fetchJars("Flink's connectors", folder, 'lib', CONNECTORS, true)
  fetchJars("Flink's SQL Gateway", folder, 'gateway', [GATEWAY], true)
}

function prepare(place) {
  const { data } = place
  for (const name of ['settings', 'scratch', 'plugins', 'checkpoints', 'savepoints'])
    mkdirSync(join(data, name), { recursive: true })
  writeFileSync(join(data, 'settings/config.yaml'), flinkConfig(place, portsOf(place), SLOTS))
  writeFileSync(join(data, 'settings/log4j2.properties'), LOG4J)
}

function portsOf({ port }) {
  return { rest: port(60), gateway: port(61), rpc: port(62), blob: port(63), task: port(64), data: port(65) }
}

function processes(place) {
  const ports = portsOf(place)
  const settings = ['--configDir', join(place.data, 'settings')]
  const specs = [
    {
      name: 'flink-jobmanager',
      ...java(place, 400, 'runtime.entrypoint.StandaloneSessionClusterEntrypoint', settings),
      ports: [ports.rest, ports.rpc, ports.blob],
      check: () => fetchJson(`${rest(place)}/overview`),
    },
    {
      name: 'flink-taskmanager',
      ...java(place, 512, 'runtime.taskexecutor.TaskManagerRunner', [
        ...settings,
        ...taskManagerMemory(SLOTS),
      ]),
      ports: [ports.task, ports.data],
      check: () => checkSlots(place),
    },
    {
      name: 'flink-gateway',
      ...java(place, 1000, 'table.gateway.SqlGateway', [], join(place.home ?? '', 'gateway/*')),
      ports: [ports.gateway],
      check: () => fetchJson(`${gateway(place)}/v1/info`),
    },
  ]
  return specs.map((spec) => ({ engine: 'flink', cwd: place.data, ...spec }))
}

function java({ data, home, javaHome }, heapMb, name, args, ...classPath) {
  const settings = join(data, 'settings')
  const options = [
    ...[`-Xmx${heapMb}m`, '-XX:MaxDirectMemorySize=300m', ...javaOptions()],
    ...[`-Dlog4j2.configurationFile=${join(settings, 'log4j2.properties')}`, ...OPEN_MODULES],
  ]
  const path = [...classPath, join(home ?? '', 'lib/*')].join(':')
  return {
    command: join(javaHome ?? '', 'bin/java'),
    args: [...options, '-cp', path, `org.apache.flink.${name}`, ...args],
    env: {
      FLINK_CONF_DIR: settings,
      FLINK_LIB_DIR: join(home ?? '', 'lib'),
      FLINK_PLUGINS_DIR: join(data, 'plugins'),
      FLINK_OPT_DIR: join(data, 'plugins'),
    },
  }
}

async function checkSlots(place) {
  const { 'slots-total': slots } = await fetchJson(`${rest(place)}/overview`)
  if (slots !== SLOTS) throw new Error(`the JobManager knows ${slots} slots`)
}

async function check(place) {
  await checkSlots(place)
  await fetchJson(`${gateway(place)}/v1/info`)
}

const rest = (place) => `http://127.0.0.1:${portsOf(place).rest}`
const gateway = (place) => `http://127.0.0.1:${portsOf(place).gateway}`

function address(place) {
  return {
    rest: rest(place),
    gateway: gateway(place),
    checkpoints: join(place.data, 'checkpoints'),
    savepoints: join(place.data, 'savepoints'),
  }
}
