/**
 * Appends numbered lines to a log from several producers until it is killed, and says which were acked: into a file,
 * since what is written to a pipe may wait in this process when nobody reads it, and be lost with it. With `trim` it
 * gives up all but the last lines again and again.
 */
import { createHash } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { FilesLog } from '../../src/engines/files/log.ts'

const PRODUCERS = 4
const KEPT = 200
const [dataDir = '', round = '', told = '', trims] = process.argv.slice(2)
const tell = openSync(told, 'w')

/** A number that no later round uses, though this one may never hear what became of it. */
async function produce(log: FilesLog, producer: number): Promise<never> {
  for (let number = 0; ; number++) {
    const key = `${round}.${producer}.${number}`
    const text = `${key} ${'z'.repeat((number * 37) % 900)}\n`
    const digest = createHash('sha256').update(text).digest()
    const batch = { chunks: [Buffer.from(text)], lines: 1, idempotency: { scope: 'web', key, digest } }
    writeSync(tell, `begin ${key}\n`)
    const { firstOffset } = await log.append('web', batch)
    writeSync(tell, `acked ${key} ${firstOffset}\n`)
  }
}

async function trimForever(log: FilesLog): Promise<never> {
  for (;;) {
    await sleep(20)
    const held = log.sources().find(({ source }) => source === 'web')
    if (held === undefined) continue
    const offset = Math.max(0, held.endOffset - KEPT)
    writeSync(tell, `trim ${offset}\n`)
    await log.trim('web', offset)
  }
}

async function appendForever(): Promise<void> {
  const log = await FilesLog.open({ dataDir, segmentBytes: 20_000, firstOffset: async () => 0 })
  if (trims === 'trim') void trimForever(log)
  await Promise.all(Array.from({ length: PRODUCERS }, (_, producer) => produce(log, producer)))
}

void appendForever()
