/** HDFS: a NameNode and three DataNodes, of Hadoop's jars from Maven. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { coreSite, dataNodeSite, LOG4J, nameNodeSite } from './hdfs-site.mjs'
import { fetchJson } from './http-json.mjs'
import { javaOptions } from './java-options.mjs'
import { fetchJars } from './maven.mjs'
import { runProgram } from './run-program.mjs'

const VERSION = '3.4.2'
const USER = 'millrace'
const DATA_NODES = [1, 2, 3]
/** The jars bring no pages; without these folders on the class path the daemons end. */
const PAGE_FOLDERS = ['hdfs', 'datanode', 'static']
const JAVA_OPTIONS = [
  // Without it WebHDFS answers 500 on Java 17.
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
  '-Djava.net.preferIPv4Stack=true',
]
const JARS = ['hadoop-common', 'hadoop-hdfs', 'hadoop-hdfs-client']

export const hdfs = {
  name: 'hdfs',
  title: 'HDFS',
  testNames: /hdfs|namenode|datanode/i,
  needsJava: true,
  software: {
    version: VERSION,
    from: 'Maven (65 MB)',
    contents: ['lib'],
    digest: 'd26d7251e744ddb35f8d2acfb74357ffbabb6a6be35e2e5870cb58a626f14c7e',
    tools: ['mvn'],
  },
  fetch,
  prepare,
  processes,
  check,
  address,
  pages: ({ http }) => http,
  dataFolders: ({ data }) => [data],
}

function fetch(folder) {
  const jars = JARS.map((name) => `org.apache.hadoop:${name}:${VERSION}`)
  fetchJars('Hadoop', folder, 'lib', jars)
}

/** Writes the settings anew; formats the NameNode once, and with it forgets DataNodes that knew another. */
function prepare(place) {
  const { data } = place
  for (const folder of PAGE_FOLDERS) {
    mkdirSync(join(data, 'pages/webapps', folder), { recursive: true })
    writeFileSync(join(data, 'pages/webapps', folder, 'index.html'), '<h1>HDFS</h1>\n')
  }
  writeSettings(place, 'namenode', nameNodeSite(addresses(place), join(data, 'namenode')))
  for (const node of DATA_NODES)
    writeSettings(
      place,
      nameOf(node),
      dataNodeSite(addresses(place), nodePorts(place, node), folderOf(place, node)),
    )
  const formatted = join(data, 'formatted')
  if (existsSync(formatted)) return
  for (const name of ['namenode', ...DATA_NODES.map(nameOf)])
    rmSync(join(data, name), { recursive: true, force: true })
  const { command, args, env } = java(place, 'namenode', 'NameNode', 128)
  runProgram(
    'the NameNode could not be formatted',
    command,
    [...args, '-format', '-force', '-nonInteractive'],
    {
      env: { ...process.env, ...env },
      cwd: data,
    },
  )
  writeFileSync(formatted, '')
}

function writeSettings({ data, port }, name, site) {
  const folder = join(data, 'settings', name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'core-site.xml'), coreSite(`127.0.0.1:${port(20)}`, join(data, 'scratch'), USER))
  writeFileSync(join(folder, 'hdfs-site.xml'), site)
  writeFileSync(join(folder, 'log4j.properties'), LOG4J)
}

function processes(place) {
  const { data } = place
  const nameNode = {
    name: 'namenode',
    ...java(place, 'namenode', 'NameNode', 256),
    ports: [place.port(20), place.port(70)],
    check: () => nameNodeBean(place, 'FSNamesystemState'),
  }
  const dataNodes = DATA_NODES.map((node) => ({
    name: nameOf(node),
    ...java(place, nameOf(node), 'DataNode', 192),
    ports: nodePorts(place, node),
    check: () => checkDataNode(place, node),
  }))
  return [nameNode, ...dataNodes].map((spec) => ({ engine: 'hdfs', cwd: data, ...spec }))
}

function java({ data, home, javaHome }, name, daemon, heapMb) {
  const classes = `org.apache.hadoop.hdfs.server.${daemon.toLowerCase()}.${daemon}`
  const path = [join(data, 'settings', name), join(data, 'pages'), join(home, 'lib/*')].join(':')
  return {
    command: join(javaHome, 'bin/java'),
    args: [`-Xmx${heapMb}m`, ...JAVA_OPTIONS, ...javaOptions(), '-cp', path, classes],
    env: { HADOOP_USER_NAME: USER },
  }
}

/** Registered since it was started: the NameNode goes on listing one that crashed for a while. */
async function checkDataNode(place, node) {
  const [transfer, page] = nodePorts(place, node)
  const { BPServiceActorInfo } = await bean(`http://127.0.0.1:${page}`, 'DataNode', 'DataNodeInfo')
  if (!JSON.parse(BPServiceActorInfo).some(({ ActorState }) => ActorState === 'RUNNING'))
    throw new Error(`${nameOf(node)} has not registered with the NameNode`)
  const { LiveNodes } = await nameNodeBean(place, 'NameNodeInfo')
  if (!Object.values(JSON.parse(LiveNodes)).some(({ xferaddr }) => xferaddr === `127.0.0.1:${transfer}`))
    throw new Error(`the NameNode does not list ${nameOf(node)}`)
}

/** All nodes live, no safe mode, and a small file can be written to three of them. */
async function check(place) {
  const { NumLiveDataNodes } = await nameNodeBean(place, 'FSNamesystemState')
  if (NumLiveDataNodes !== DATA_NODES.length) throw new Error(`${NumLiveDataNodes} DataNodes are live`)
  const { Safemode } = await nameNodeBean(place, 'NameNodeInfo')
  if (Safemode !== '') throw new Error(`the NameNode says: ${Safemode}`)
  const file = `${addresses(place).http}/webhdfs/v1/.millrace-cluster-check?user.name=${USER}`
  const { Location } = await fetchJson(
    `${file}&op=CREATE&overwrite=true&replication=3&noredirect=true`,
    'PUT',
  )
  await upload(Location, 'check')
  await fetchJson(`${file}&op=DELETE`, 'DELETE')
}

/** DataNodes send a `100 Continue` that nobody asked for, which `fetch` takes for a bad answer. */
function upload(url, text) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'PUT', timeout: 30_000 }, (answer) => {
      answer.resume()
      if (answer.statusCode === 201) answer.once('end', resolve)
      else reject(new Error(`a write to HDFS was answered with ${answer.statusCode}`))
    })
    sent.once('timeout', () => sent.destroy(new Error('a write to HDFS was not answered')))
    sent.once('error', reject)
    sent.end(text)
  })
}

function nameNodeBean(place, name) {
  return bean(addresses(place).http, 'NameNode', name)
}

async function bean(http, service, name) {
  const { beans } = await fetchJson(`${http}/jmx?qry=Hadoop:service=${service},name=${name}`)
  if (beans.length === 0) throw new Error(`the ${service} is starting`)
  return beans[0]
}

function addresses({ port }) {
  return { rpc: `127.0.0.1:${port(20)}`, http: `http://127.0.0.1:${port(70)}` }
}

function address(place, pidOf) {
  const { rpc, http } = addresses(place)
  return {
    http,
    rpc: `hdfs://${rpc}`,
    user: USER,
    nameNode: { name: 'namenode', pid: pidOf('namenode'), folder: join(place.data, 'namenode') },
    dataNodes: DATA_NODES.map((node) => {
      const [transfer, page] = nodePorts(place, node)
      return {
        name: nameOf(node),
        pid: pidOf(nameOf(node)),
        folder: folderOf(place, node),
        http: `http://127.0.0.1:${page}`,
        transfer: `127.0.0.1:${transfer}`,
      }
    }),
  }
}

const nameOf = (node) => `datanode${node}`
const folderOf = ({ data }, node) => join(data, nameOf(node))
const nodePorts = ({ port }, node) => [0, 1, 2].map((offset) => port(100 + 10 * node + offset))
