/** Kafka: one broker that is its own controller, of the jars from Maven. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { javaOptions } from './java-options.mjs'
import { fetchJars } from './maven.mjs'
import { runProgram } from './run-program.mjs'

const VERSION = '4.1.2'
const JARS = [
  `org.apache.kafka:kafka_2.13:${VERSION}`,
  `org.apache.kafka:kafka-tools:${VERSION}`,
  'org.apache.logging.log4j:log4j-slf4j-impl:2.25.3',
]
/** A cluster has an id, in base64 of 16 bytes; it need not be a secret. */
const CLUSTER_ID = 'bWlsbHJhY2Uta2Fma2EtMQ'
/** Of the request that any broker answers, with its versions: ApiVersions, version 0. */
const API_VERSIONS = 18
const PATIENCE_MS = 5_000
const LOG4J = `rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n%ex
`

export const kafka = {
  name: 'kafka',
  title: 'Kafka',
  testNames: /kafka/i,
  needsJava: true,
  software: {
    version: VERSION,
    from: 'Maven (43 MB)',
    contents: ['lib'],
    digest: '076b721407a875398861dc37e6c0caeff15d2c82f477fe7b41f5af219d955c36',
    tools: ['mvn'],
  },
  fetch: (folder) => fetchJars('Kafka', folder, 'lib', JARS),
  prepare,
  processes,
  check,
  address,
  pages: ({ brokers }) => brokers,
  dataFolders: ({ data }) => [data],
}

/** Writes the settings anew; formats the storage once. */
function prepare(place) {
  const { data } = place
  mkdirSync(join(data, 'settings'), { recursive: true })
  writeFileSync(join(data, 'settings/server.properties'), serverProperties(place))
  writeFileSync(join(data, 'settings/log4j2.properties'), LOG4J)
  if (existsSync(join(data, 'topics/meta.properties'))) return
  const format = ['format', '--cluster-id', CLUSTER_ID, '--config', join(data, 'settings/server.properties')]
  const { command, args } = java(place, 128, 'kafka.tools.StorageTool', format)
  runProgram("Kafka's storage could not be formatted", command, args, { cwd: data })
}

/** Topics are made by whoever needs them, never by a misspelt name. */
function serverProperties(place) {
  const broker = `PLAINTEXT://${brokers(place)}`
  const controller = `127.0.0.1:${place.port(51)}`
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    listeners: `${broker},CONTROLLER://${controller}`,
    'advertised.listeners': broker,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(place.data, 'topics'),
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

function processes(place) {
  const settings = join(place.data, 'settings/server.properties')
  return [
    {
      name: 'kafka',
      engine: 'kafka',
      cwd: place.data,
      ...java(place, 512, 'kafka.Kafka', [settings]),
      ports: [place.port(50), place.port(51)],
      check: () => check(place),
    },
  ]
}

function java({ data, home, javaHome }, heapMb, name, args) {
  const log4j = `-Dlog4j2.configurationFile=${join(data, 'settings/log4j2.properties')}`
  const options = [`-Xmx${heapMb}m`, ...javaOptions(), log4j]
  return {
    command: join(javaHome, 'bin/java'),
    args: [...options, '-cp', join(home, 'lib/*'), name, ...args],
    env: {},
  }
}

/** The broker answers in Kafka's own protocol: the correlation id comes back, and no error. */
async function check({ port }) {
  const client = Buffer.from('millrace')
  const request = Buffer.alloc(4 + 10 + client.length)
  request.writeInt32BE(request.length - 4, 0)
  request.writeInt16BE(API_VERSIONS, 4)
  request.writeInt32BE(7, 8)
  request.writeInt16BE(client.length, 12)
  client.copy(request, 14)
  const answer = await exchange(port(50), request)
  if (answer.readInt32BE(4) !== 7 || answer.readInt16BE(8) !== 0) throw new Error('it is no Kafka broker')
}

/** Resolves with the beginning of the answer. */
function exchange(port, request) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('the broker does not answer')))
    socket.once('error', reject)
    let answer = Buffer.alloc(0)
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes])
      if (answer.length < 10) return
      socket.destroy()
      resolve(answer)
    })
    socket.once('close', () => reject(new Error('the broker closed the connection')))
  })
}

const brokers = ({ port }) => `127.0.0.1:${port(50)}`

function address(place) {
  return { brokers: brokers(place), home: place.home, javaHome: place.javaHome }
}
