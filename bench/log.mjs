/**
 * How fast the log takes lines: `node bench/log.mjs [SECONDS] [PRODUCERS] [FOLDER]`. Producers append batches of 64 KiB of
 * 212-byte lines, each waiting for its ack before it sends the next. The yardstick of the same run is a bare loop of
 * write and fdatasync on the same disk, of one batch each, and of as many batches as the producers have under way.
 * FOLDER is on the disk that is to be measured.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsdown'

const LINE_BYTES = 212
const BATCH_LINES = Math.floor(65_536 / LINE_BYTES)
const seconds = Number(process.argv[2] ?? 10)
const producers = Number(process.argv[3] ?? 8)
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(process.argv[4] ?? tmpdir(), 'millrace-bench-log-'))
const line = `{"at":"2026-01-01T00:00:00Z","pad":"${'x'.repeat(LINE_BYTES - 39)}"}\n`
const batch = Buffer.from(line.repeat(BATCH_LINES))

try {
  if (line.length !== LINE_BYTES) throw new Error(`a line has ${line.length} bytes`)
  const built = await buildLog()
  console.log('what                          |     MB/s |    lines/s | p50 ms | p99 ms | CPU %')
  await measure('bare, a batch a sync', (stop) => writeBare(stop, 1))
  await measure(`bare, ${producers} batches a sync`, (stop) => writeBare(stop, producers))
  await measure(`log, ${producers} producers`, (stop) => appendToLog(stop, built))
  measureChecksum(built)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function buildLog() {
  const outDir = join(folder, 'built')
  const entry = { log: 'src/engines/files/log.ts', crc32c: 'src/archive/crc32c.ts' }
  await build({
    config: false,
    cwd: root,
    entry,
    outDir,
    dts: false,
    logLevel: 'error',
    platform: 'node',
    format: 'cjs',
  })
  const { FilesLog } = await import(pathToFileURL(join(outDir, 'log.cjs')))
  const { crc32c } = await import(pathToFileURL(join(outDir, 'crc32c.cjs')))
  return { FilesLog, crc32c }
}

async function measure(name, run) {
  const began = performance.now()
  const cpu = process.cpuUsage()
  const latencies = await run(() => performance.now() - began > seconds * 1000)
  const took = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const sorted = latencies.sort((a, b) => a - b)
  const batches = latencies.length
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(1).padStart(6)
  const rate = ((batches * batch.length) / 1e6 / took).toFixed(1).padStart(8)
  const lines = ((batches * BATCH_LINES) / took).toFixed().padStart(10)
  const used = (((user + system) / 1e6 / took) * 100).toFixed().padStart(5)
  console.log(`${name.padEnd(29)} | ${rate} | ${lines} | ${at(0.5)} | ${at(0.99)} | ${used}`)
}

/** A latency for each batch. */
async function writeBare(isOver, batches) {
  const file = await open(join(folder, `bare${batches}`), 'w')
  const latencies = []
  while (!isOver()) {
    const began = performance.now()
    await file.writev(Array.from({ length: batches }, () => batch))
    await file.datasync()
    for (let index = 0; index < batches; index++) latencies.push(performance.now() - began)
  }
  await file.close()
  rmSync(join(folder, `bare${batches}`))
  return latencies
}

async function appendToLog(isOver, { FilesLog }) {
  const dataDir = join(folder, 'data')
  const log = await FilesLog.open({ dataDir, firstOffset: async () => 0 })
  const latencies = []
  const produce = async () => {
    while (!isOver()) {
      const began = performance.now()
      const { endOffset } = await log.append('web', { chunks: [batch], lines: BATCH_LINES })
      latencies.push(performance.now() - began)
      // So that the disk does not run full: as if the archive had passed.
      if (endOffset % (BATCH_LINES * 4096) === 0) await log.trim('web', endOffset)
    }
  }
  await Promise.all(Array.from({ length: producers }, produce))
  await log.close()
  return latencies
}

function measureChecksum({ crc32c }) {
  const bytes = Buffer.alloc(65_536, 'checksum of lines ')
  const began = performance.now()
  for (let round = 0; round < 4000; round++) crc32c(bytes, 0, bytes.length)
  console.log(`CRC-32C: ${((4000 * bytes.length) / 1e3 / (performance.now() - began)).toFixed()} MB/s`)
}
