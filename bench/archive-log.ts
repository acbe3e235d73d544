/**
 * What it costs to move a log's lines into the archive, by how many lines a batch has, which is one request of a client:
 * `unrun bench/archive-log.ts [LINES] [LINES_A_BATCH…]`. JSON lines of 210 bytes; each batch has a time of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FilesArchive } from '../src/engines/files/archive.ts'
import type { StoredBatch } from '../src/ports/log.ts'

const [lines = 1_000_000, ...sizes] = process.argv.slice(2).map(Number)
const LINE_BYTES = 210
/** Contents that take turns. */
const TEXTS = 16

function makeLines(first: number, end: number): Buffer {
  let text = ''
  for (let number = first; number < end; number++) {
    const head = `{"ts":1700000000000,"service":"service-${number % 20}","status":200,"ms":${(number * 7919) % 3000},"bytes":${(number * 104_729) % 100_000},"pad":"`
    text += `${head}${'x'.repeat(LINE_BYTES - head.length - 3)}"}\n`
  }
  return Buffer.from(text, 'latin1')
}

async function* batchesOf(size: number): AsyncGenerator<StoredBatch> {
  const texts = Array.from({ length: TEXTS }, (_, place) => makeLines(place * size, (place + 1) * size))
  for (let at = 0; at < lines; at += size) {
    const number = at / size
    const offsets = { firstOffset: at, endOffset: at + size }
    yield { ...offsets, observedMs: 1_700_000_000_000 + number, bytes: texts[number % TEXTS]! }
  }
}

console.log('lines a batch | lines/s | CPU s per M lines')
for (const size of sizes.length > 0 ? sizes : [20, 200, 1000, 20_000]) {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-bench-archive-'))
  try {
    const archive = new FilesArchive({ dataDir })
    const [cpu, started] = [process.cpuUsage(), performance.now()]
    await archive.append('web', batchesOf(size))
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const perMillion = ((user + system) / lines).toFixed(2)
    console.log(`${size} | ${Math.round(lines / seconds)} | ${perMillion}`)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
