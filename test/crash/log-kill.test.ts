/**
 * kill -9 at random moments of appends. An oracle keeps what was acked: all of it is there once, at its offset, and what
 * was not acked is absent or known by its key. MILLRACE_LOG_KILLS sets how often, MILLRACE_SEED when.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'tsdown'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FilesLog } from '../../src/engines/files/log.ts'
import { readAll, textOf } from '../contract/log.contract.ts'
import { seeded } from '../contract/random-groups.ts'

const KILLS = Number(process.env.MILLRACE_LOG_KILLS ?? 20)
const random = seeded(Number(process.env.MILLRACE_SEED ?? 1))
const root = resolve(import.meta.dirname, '../..')
let folder: string
let child: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-log-kill-'))
  const entry = join(root, 'test/crash/log-child.ts')
  const outDir = join(folder, 'child')
  const kind = { dts: false, logLevel: 'error', platform: 'node', format: 'cjs' } as const
  await build({ config: false, entry, outDir, ...kind })
  child = join(outDir, 'log-child.cjs')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Everything the child said until it was killed, some time after its first ack. */
async function appendUntilKilled(dataDir: string, round: number): Promise<string> {
  const told = join(folder, `told${round}`)
  const appender = spawn(process.execPath, [child, dataDir, String(round), told], {
    env: { ...process.env, NODE_PATH: join(root, 'node_modules') },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const said = () => (existsSync(told) ? readFileSync(told, 'utf8') : '')
  const closed = new Promise((resolve) => appender.once('close', resolve))
  while (appender.exitCode === null && !said().includes('acked')) await sleep(5)
  await sleep(random() * 200)
  appender.kill('SIGKILL')
  await closed
  return said()
}

interface Oracle {
  /** By key: the offset that was acked. */
  readonly acked: Map<string, number>
  readonly begun: Set<string>
}

function hear(said: string, { acked, begun }: Oracle): void {
  for (const line of said.slice(0, said.lastIndexOf('\n')).split('\n')) {
    const [word, key = '', offset] = line.split(' ')
    if (word === 'begin') begun.add(key)
    if (word === 'acked') acked.set(key, Number(offset))
  }
}

it(
  `survives ${KILLS} kills: nothing acked is lost, nothing counts twice`,
  async () => {
    const dataDir = join(folder, 'data')
    const oracle: Oracle = { acked: new Map(), begun: new Set() }
    let unacked = 0
    for (let kill = 0; kill < KILLS; kill++) {
      hear(await appendUntilKilled(dataDir, kill), oracle)
      const log = await FilesLog.open({ dataDir, firstOffset: async () => 0 })
      const lines = textOf(await readAll(log, 'web', 0, 1_000_000))
        .split('\n')
        .slice(0, -1)
      const keys = lines.map((line) => line.slice(0, line.indexOf(' ')))
      expect(new Set(keys).size).toBe(keys.length)
      const lost = [...oracle.acked].filter(([key, offset]) => keys[offset] !== key)
      expect({ kill, lost }).toEqual({ kill, lost: [] })
      for (const key of keys) expect(oracle.begun.has(key)).toBe(true)
      unacked += await retryUnacked(log, oracle, keys, lines)
      await log.close()
    }
    console.log(`${KILLS} kills: ${oracle.acked.size} acked, ${unacked} of the unacked were there`)
    expect(oracle.acked.size).toBeGreaterThan(KILLS)
  },
  KILLS * 10_000,
)

/** A client that heard nothing sends a batch again: what is there already must be known by its key. */
async function retryUnacked(
  log: FilesLog,
  { acked }: Oracle,
  keys: string[],
  lines: string[],
): Promise<number> {
  let count = 0
  for (const [offset, key] of keys.entries()) {
    if (acked.has(key)) continue
    const text = `${lines[offset]}\n`
    const digest = createHash('sha256').update(text).digest()
    const batch = { chunks: [Buffer.from(text)], lines: 1, idempotency: { scope: 'web', key, digest } }
    expect(await log.append('web', batch)).toMatchObject({ firstOffset: offset, isDuplicate: true })
    acked.set(key, offset)
    count++
  }
  return count
}
