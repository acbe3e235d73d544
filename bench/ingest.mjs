/**
 * How fast files are ingested, and in how much memory: `node bench/ingest.mjs [MEGABYTES] [BLOCK_MIB] [PIECE_MIB]`.
 * Makes JSON lines of about 200 bytes, and ingests them plain, packed, with CRLF, and as Latin-1, where every line
 * takes the slow path. Each runs in a process of its own; the CPU time tells what a busy machine hides.
 */
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createGzip } from 'node:zlib'
import { build } from 'tsdown'

const root = fileURLToPath(new URL('..', import.meta.url))
const script = fileURLToPath(import.meta.url)

if (process.argv[2] === '--one') await ingestOne(JSON.parse(process.argv[3]))
else await compare(Number(process.argv[2] ?? 1000), process.argv[3], process.argv[4])

async function compare(megabytes, blockMib, pieceMib) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    await build({
      config: false,
      cwd: root,
      entry: { archive: 'src/engines/files/archive.ts', ingest: 'src/run/ingest-files.ts' },
      outDir: join(folder, 'built'),
      dts: false,
      logLevel: 'error',
      platform: 'node',
      format: 'cjs',
    })
    const limits = {
      ...(blockMib && { blockBytes: blockMib * 2 ** 20 }),
      ...(pieceMib && { pieceBytes: pieceMib * 2 ** 20 }),
    }
    console.log('input     |  size MB |  MB/s | CPU s | CPU s per GB | peak MB | packed to')
    for (const [kind, share] of Object.entries({ plain: 1, gzip: 1, crlf: 1, latin1: 0.1 })) {
      const path = join(folder, kind)
      await generate(path, kind, megabytes * share)
      const order = JSON.stringify({ folder, path, limits })
      const run = spawnSync(process.execPath, [script, '--one', order], {
        encoding: 'utf8',
        env: { ...process.env, NODE_PATH: join(root, 'node_modules') },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const { bytes, seconds, cpu, peak, packed } = JSON.parse(run.stdout)
      const cells = [
        kind.padEnd(9),
        (bytes / 1e6).toFixed().padStart(8),
        (bytes / 1e6 / seconds).toFixed().padStart(5),
      ]
      cells.push(cpu.toFixed(1).padStart(5), (cpu / (bytes / 1e9)).toFixed(1).padStart(12))
      console.log([...cells, (peak / 1e6).toFixed().padStart(7), (packed / bytes).toFixed(3)].join(' | '))
      rmSync(path)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function ingestOne({ folder, path, limits }) {
  const { FilesArchive } = await import(pathToFileURL(join(folder, 'built/archive.cjs')))
  const { ingestFiles } = await import(pathToFileURL(join(folder, 'built/ingest.cjs')))
  const dataDir = join(folder, 'data')
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const started = performance.now()
  const { bytes } = await ingestFiles(new FilesArchive({ dataDir, limits }), 'web', [path])
  const seconds = (performance.now() - started) / 1000
  clearInterval(watch)
  const { user, system } = process.cpuUsage()
  const blocks = join(dataDir, 'archive/web/blocks')
  const packed = readdirSync(blocks).reduce((sum, name) => sum + statSync(join(blocks, name)).size, 0)
  console.log(JSON.stringify({ bytes, seconds, cpu: (user + system) / 1e6, peak, packed }))
  rmSync(dataDir, { recursive: true })
}

async function generate(path, kind, megabytes) {
  const encoding = kind === 'latin1' ? 'latin1' : 'utf8'
  const lines = Readable.from(jsonLines(megabytes * 1e6, kind === 'crlf' ? '\r\n' : '\n', encoding))
  const file = createWriteStream(path)
  await (kind === 'gzip' ? pipeline(lines, createGzip({ level: 1 }), file) : pipeline(lines, file))
}

function* jsonLines(bytes, lineEnd, encoding) {
  let state = 42
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const paths = ['/', '/api/items', '/api/cart', '/login', '/health', '/café']
  let time = Date.UTC(2026, 0, 1)
  for (let written = 0; written < bytes; ) {
    let text = ''
    for (let line = 0; line < 5000; line++) {
      time += random(10)
      const trace = Array.from({ length: 4 }, () => random(2 ** 32).toString(16)).join('')
      const record = {
        ts: new Date(time).toISOString(),
        service: `svc-${random(20)}`,
        path: paths[random(6)],
        status: [200, 200, 200, 404, 500][random(5)],
        duration_ms: random(1e6) / 1000,
        bytes: random(1e5),
        user: `é${random(1e5)}`,
        trace,
      }
      text += JSON.stringify(record) + lineEnd
    }
    const chunk = Buffer.from(text, encoding)
    written += chunk.length
    yield chunk
  }
}
