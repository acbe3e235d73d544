/**
 * How soon a server takes lines again after kill -9, with lines in its log that nobody has counted or archived:
 * `npx unrun bench/recovery.ts [LINES] [RUNS]`.
 *
 * A writer appends JSON lines of 210 bytes in batches of 1,000 and ends by SIGKILL when the last is acked, as a server
 * would. Then `millrace serve` is started and killed again and again. It is ready when a line that is sent to it is
 * acked; the time counts from the start of its process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FilesLog } from '../src/engines/files/log.ts'

const TICKS_A_SECOND = 100
const LINE_BYTES = 210
const BATCH_LINES = 1000
/** Batches that wait for their acks at the same time. */
const AT_ONCE = 8

if (process.argv[2] === 'fill') await fill(process.argv[3]!, Number(process.argv[4]))
else await measure(Number(process.argv[2] ?? 10_000_000), Number(process.argv[3] ?? 5))

async function measure(lines: number, runs: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-recovery-'))
  try {
    const definition = readFileSync(new URL('stream.yaml', import.meta.url))
    writeFileSync(join(folder, 'millrace.yaml'), `${definition}serve: { listen: "127.0.0.1:0" }\n`)
    const self = fileURLToPath(import.meta.url)
    await ended(
      spawn('npx', ['unrun', self, 'fill', join(folder, 'data'), String(lines)], { stdio: 'inherit' }),
    )
    console.log('ready for acks after | CPU of the server by then | lines not counted')
    for (let run = 0; run < runs; run++) console.log(await recover(folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill(dataDir: string, lines: number): Promise<never> {
  const log = await FilesLog.open({ dataDir, firstOffset: async () => 0 })
  const texts = Array.from({ length: 16 }, (_, place) => makeLines(place * BATCH_LINES))
  for (let sent = 0; sent < lines / BATCH_LINES; sent += AT_ONCE) {
    const batches = texts.slice(0, Math.min(AT_ONCE, lines / BATCH_LINES - sent))
    await Promise.all(batches.map((text) => log.append('web', { chunks: [text], lines: BATCH_LINES })))
  }
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}

function makeLines(first: number): Buffer {
  const lines = Array.from({ length: BATCH_LINES }, (_, index) => {
    const number = first + index
    const head = `{"ts":${Date.now()},"service":"service-${number % 20}","status":200,"ms":${(number * 7919) % 3000},"bytes":${(number * 104_729) % 100_000},"pad":"`
    return `${head}${'x'.repeat(LINE_BYTES - head.length - 3)}"}\n`
  })
  return Buffer.from(lines.join(''), 'latin1')
}

/** Starts a server in the folder, sends it a line, and kills it once that is acked. */
async function recover(folder: string): Promise<string> {
  const bin = fileURLToPath(new URL('../bin/millrace.js', import.meta.url))
  const started = performance.now()
  const server = spawn(process.execPath, [bin, '--data', 'data', 'serve'], { cwd: folder })
  try {
    const url = await urlOf(server)
    const line = `{"ts":${Date.now()},"service":"a","status":200,"ms":1,"bytes":1}\n`
    const answer = await fetch(`${url}/v1/ingest/web`, { method: 'POST', body: line })
    if (answer.status !== 200) throw new Error(await answer.text())
    const readyMs = performance.now() - started
    const cpuMs = cpuOf(server.pid!)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const [end, counted] = ['log_end_offset', 'stream_lines_total'].map((name) =>
      Number(new RegExp(`${name}\\{.*\\} (\\d+)`).exec(metrics)?.[1] ?? 0),
    )
    return `${(readyMs / 1000).toFixed(2)} s | ${cpuMs} ms | ${(end! - counted!).toLocaleString('en')}`
  } finally {
    server.kill('SIGKILL')
    await ended(server)
  }
}

function urlOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (chunk: Buffer) => {
      said += chunk
      const [url] = /http:\/\/[\d.]+:\d+/.exec(said) ?? []
      if (url) resolve(url)
    }
    server.stdout!.on('data', hear)
    server.stderr!.on('data', hear)
    server.once('close', () => reject(new Error(said)))
  })
}

function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('close', () => resolve()))
}
