/**
 * How fast blocks are written to HDFS: `node bench/hdfs.mjs [MEGABYTES] [ROUNDS]`, with a cluster up
 * (`npm run cluster -- up hdfs`) or MILLRACE_HDFS=http://namenode:9870. The rival sends the same files by two plain
 * WebHDFS requests each, checks nothing and renames nothing. Rounds alternate; medians are printed.
 */
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsdown'
import { measureProcess } from './measure-process.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const megabytes = Number(process.argv[2] ?? 500)
const rounds = Number(process.argv[3] ?? 3)
const REPLICATION = 3
const USER = 'millrace'
const address = process.env.MILLRACE_HDFS ?? clusterHdfs()
const remote = `/bench-${process.pid}`
const folder = mkdtempSync(join(root, 'node_modules/.cache-bench-'))

try {
  await bench()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function clusterHdfs() {
  const state = join(resolve(root, process.env.MILLRACE_CLUSTER_DIR ?? '.millrace-cluster'), 'state.json')
  if (!existsSync(state))
    throw new Error('no cluster: run "npm run cluster -- up hdfs", or set MILLRACE_HDFS')
  return JSON.parse(readFileSync(state, 'utf8')).hdfs.http
}

async function bench() {
  const { HdfsArchive, WebHdfs, HdfsClient, uploadBlock, FilesArchive } = await load()
  const lines = join(folder, 'lines.ndjson')
  const count = String(Math.round((megabytes * 1e6) / 210))
  await measureProcess([
    join(root, 'scripts/generate-logs.mjs'),
    ...['--kind', 'json', '--lines', count, '--seed', '1', '--out', lines],
  ])
  const input = { name: 'lines', open: () => createReadStream(lines, { highWaterMark: 2 ** 20 }) }
  const rawBytes = statSync(lines).size
  const hdfs = new WebHdfs(new HdfsClient({ address, user: USER }))

  const localMs = await timed(() =>
    new FilesArchive({ dataDir: join(folder, 'local') }).ingest('web', [input]),
  )
  const files = join(folder, 'local/archive/web/blocks')
  const blocks = readdirSync(files).map((name) => join(files, name))
  const bytes = blocks.reduce((sum, path) => sum + statSync(path).size, 0)

  const [ours, single, plain] = [[], [], []]
  const seal = (to, atOnce) => timed(() => sealAll(hdfs, uploadBlock, blocks, `${remote}/${to}`, atOnce))
  for (let round = 0; round < rounds; round++) {
    ours.push(await seal(`ours${round}`, 2))
    plain.push(await timed(() => putAll(blocks, `${remote}/plain${round}`)))
    single.push(await seal(`single${round}`, 1))
  }
  const archive = new HdfsArchive({
    ...{ address, user: USER, path: `${remote}/archive`, replication: REPLICATION },
    dataDir: join(folder, 'hdfs'),
  })
  const ingestMs = await timed(() => archive.ingest('web', [input]))
  const fetchMs = await timed(async () => {
    for (const block of (await archive.manifest('web')).blocks) await archive.verifiedPath('web', block)
  })
  await hdfs.remove(remote)

  const rate = (size, ms) => `${(size / 1e3 / ms).toFixed(0)} MB/s`
  const [oursMs, singleMs, plainMs] = [ours, single, plain].map(medianOf)
  const times = (ms) => `${(plainMs / ms).toFixed(2)} x`
  console.log(
    `${blocks.length} blocks, ${(bytes / 1e6).toFixed()} MB of ${(rawBytes / 1e6).toFixed()} MB of lines`,
  )
  console.log(`plain WebHDFS upload of the blocks    ${rate(bytes, plainMs)}`)
  console.log(`checked upload, two as an ingest has  ${rate(bytes, oursMs)}  ${times(oursMs)}`)
  console.log(`checked upload, one at a time         ${rate(bytes, singleMs)}  ${times(singleMs)}`)
  console.log(`whole ingest of the lines into HDFS   ${rate(rawBytes, ingestMs)} of lines`)
  console.log(`whole ingest into a local folder      ${rate(rawBytes, localMs)} of lines`)
  console.log(`verified fetch of all blocks          ${rate(bytes, fetchMs)}`)
}

async function load() {
  const outDir = join(folder, 'built')
  const engine = (file) => join(root, 'src/engines', file)
  await build({
    entry: {
      hdfs: engine('hdfs/archive.ts'),
      web: engine('hdfs/web-hdfs.ts'),
      client: engine('hdfs/hdfs-client.ts'),
      upload: engine('hdfs/upload-block.ts'),
      files: engine('files/archive.ts'),
    },
    ...{ config: false, cwd: root, outDir, dts: false, logLevel: 'error', platform: 'node', format: 'esm' },
  })
  const names = readdirSync(outDir).filter((name) => /^(hdfs|web|client|upload|files)\.m?js$/.test(name))
  const modules = await Promise.all(names.map((name) => import(pathToFileURL(join(outDir, name)).href)))
  return Object.assign({}, ...modules)
}

/** `atOnce` uploads go side by side. */
async function sealAll(hdfs, uploadBlock, blocks, to, atOnce) {
  await hdfs.makeFolder(`${to}/blocks`)
  const rest = [...blocks.entries()]
  const work = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      const [index, path] = next
      const packed = { path, firstOffset: index, lines: 1, rawBytes: 0 }
      const prefix = `${to}/uploads/${index}-`
      const { uploaded, block } = await uploadBlock(hdfs, packed, prefix, { replication: REPLICATION })
      await hdfs.rename(uploaded, `${to}/blocks/${block.name}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

async function putAll(blocks, to) {
  for (const [index, path] of blocks.entries()) {
    const query = `op=CREATE&overwrite=true&noredirect=true&replication=${REPLICATION}&user.name=${USER}`
    const answer = await fetch(`${address}/webhdfs/v1${to}/${index}?${query}`, { method: 'PUT' })
    await put((await answer.json()).Location, path)
  }
}

function put(url, path) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': statSync(path).size }
    const upload = request(url, { method: 'PUT', headers }, (response) => {
      response
        .resume()
        .once('end', () =>
          response.statusCode === 201 ? resolve() : reject(new Error(`HTTP status ${response.statusCode}`)),
        )
    })
    upload.once('error', reject)
    createReadStream(path, { highWaterMark: 2 ** 20 }).pipe(upload)
  })
}

async function timed(act) {
  const started = performance.now()
  await act()
  return performance.now() - started
}

function medianOf(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}
