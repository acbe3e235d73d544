/**
 * kill -9 of a process that appends, at random moments, and just before and after each write, sync, rename and delete of a
 * log that begins segments and gives them up. An oracle keeps what was acked: all of it that was not given up is there
 * once, at its offset, and what was not acked is absent or known by its key. MILLRACE_LOG_KILLS and
 * MILLRACE_FAILPOINT_KILLS (at each moment) set how often, MILLRACE_SEED when.
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
const MOMENT_KILLS = Number(process.env.MILLRACE_FAILPOINT_KILLS ?? 1)
const HOOK = new URL('failpoints.mjs', import.meta.url).href
/** Such moments as new and old segments have, besides those of every batch. */
const SEGMENTS = ['after sync web', 'after delete N.log']
/** Of one life; more would only take time. */
const MOST_TIMES = 20
const LONGEST_LIFE_MS = 60_000
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

interface Life {
  readonly dataDir: string
  readonly round: number
  /** Names of the moments that it meets go into this file, and the log gives up segments. */
  readonly met?: string
  /** `NAME#N`: it kills itself when it meets the moment so often. */
  readonly failpoint?: string | undefined
}

/** Everything the child said until it was killed, some time after its first ack or at a moment. */
async function appendUntilKilled({ dataDir, round, met, failpoint }: Life): Promise<string> {
  const told = join(folder, `told${round}`)
  const watched = met && { NODE_OPTIONS: `--import ${HOOK}`, MILLRACE_FAILPOINTS_MET: met }
  const args = [child, dataDir, String(round), told, ...(met ? ['trim'] : [])]
  const appender = spawn(process.execPath, args, {
    env: {
      ...process.env,
      ...{ NODE_PATH: join(root, 'node_modules'), MILLRACE_FAILPOINT: failpoint ?? '' },
      ...watched,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const said = () => (existsSync(told) ? readFileSync(told, 'utf8') : '')
  const closed = new Promise((resolve) => appender.once('close', resolve))
  const isOver = () => appender.exitCode !== null || appender.signalCode !== null
  while (!isOver() && !said().includes('acked')) await sleep(5)
  if (failpoint) await Promise.race([closed, sleep(LONGEST_LIFE_MS)])
  else if (met) await untilMet(met, SEGMENTS)
  else await sleep(random() * 200)
  appender.kill('SIGKILL')
  await closed
  return said()
}

async function untilMet(file: string, names: readonly string[]): Promise<void> {
  const met = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [])
  for (const end = Date.now() + LONGEST_LIFE_MS; Date.now() < end; await sleep(100))
    if (names.every((name) => met().includes(name))) return
}

interface Oracle {
  /** By key: the offset that was acked. */
  readonly acked: Map<string, number>
  readonly begun: Set<string>
  /** Lines before it may have been given up. */
  trimmed: number
}

function newOracle(): Oracle {
  return { acked: new Map(), begun: new Set(), trimmed: 0 }
}

function hear(said: string, oracle: Oracle): void {
  for (const line of said.slice(0, said.lastIndexOf('\n')).split('\n')) {
    const [word, key = '', offset] = line.split(' ')
    if (word === 'begin') oracle.begun.add(key)
    if (word === 'acked') oracle.acked.set(key, Number(offset))
    if (word === 'trim') oracle.trimmed = Math.max(oracle.trimmed, Number(key))
  }
}

/** Opens what a killed process left; gives how many lines were there though nobody had been told so. */
async function expectKept(dataDir: string, oracle: Oracle, life: string): Promise<number> {
  const log = await FilesLog.open({ dataDir, firstOffset: async () => 0 })
  const held = log.sources().find(({ source }) => source === 'web')
  if (held === undefined) {
    expect({ life, acked: oracle.acked.size }).toEqual({ life, acked: 0 })
    await log.close()
    return 0
  }
  const start = held.startOffset
  expect(start, life).toBeLessThanOrEqual(oracle.trimmed)
  const lines = textOf(await readAll(log, 'web', start, 1_000_000))
    .split('\n')
    .slice(0, -1)
  const keys = lines.map((line) => line.slice(0, line.indexOf(' ')))
  expect(new Set(keys).size).toBe(keys.length)
  const lost = [...oracle.acked].filter(([key, offset]) => offset >= start && keys[offset - start] !== key)
  expect({ life, lost }).toEqual({ life, lost: [] })
  for (const key of keys) expect(oracle.begun.has(key)).toBe(true)
  const unacked = await retryUnacked(log, oracle, lines, start)
  await log.close()
  return unacked
}

it(
  `survives ${KILLS} kills: nothing acked is lost, nothing counts twice`,
  async () => {
    const dataDir = join(folder, 'data')
    const oracle = newOracle()
    let unacked = 0
    for (let kill = 0; kill < KILLS; kill++) {
      hear(await appendUntilKilled({ dataDir, round: kill }), oracle)
      unacked += await expectKept(dataDir, oracle, `kill ${kill}`)
    }
    console.log(`${KILLS} kills: ${oracle.acked.size} acked, ${unacked} of the unacked were there`)
    expect(oracle.acked.size).toBeGreaterThan(KILLS)
  },
  KILLS * 10_000,
)

it(
  `survives ${MOMENT_KILLS} kills at each moment of a log that begins and gives up segments`,
  async () => {
    let round = 1000
    const live = async (world: World, failpoint?: string) => {
      const met = join(folder, `met${++round}`)
      hear(await appendUntilKilled({ dataDir: world.dataDir, round, met, failpoint }), world.oracle)
      await expectKept(world.dataDir, world.oracle, failpoint ?? 'a survey')
      return readFileSync(met, 'utf8').trimEnd().split('\n')
    }
    const newWorld = (): World => ({ dataDir: join(folder, `moments${round}`, 'data'), oracle: newOracle() })
    const old = newWorld()
    const [first, second] = [await live(old), await live(old)]
    const moments = [...new Set(first)].sort()
    expect(moments).toEqual(expect.arrayContaining(SEGMENTS))
    for (const name of moments) {
      const most = Math.min(MOST_TIMES, first.filter((one) => one === name).length)
      for (let kill = 0; kill < MOMENT_KILLS; kill++) {
        // Some are met at the beginning of a log alone.
        const world = second.includes(name) ? old : newWorld()
        const met = await live(world, `${name}#${1 + Math.floor(random() * most)}`)
        expect(met.at(-1)).toBe(`${name} killed`)
      }
    }
    console.log(`${moments.length} moments, ${old.oracle.acked.size} lines acked: ${moments.join(', ')}`)
  },
  30 * MOMENT_KILLS * LONGEST_LIFE_MS,
)

interface World {
  readonly dataDir: string
  readonly oracle: Oracle
}

/** A client that heard nothing sends a batch again: what is there already must be known by its key. */
async function retryUnacked(
  log: FilesLog,
  { acked }: Oracle,
  lines: readonly string[],
  start: number,
): Promise<number> {
  let count = 0
  for (const [place, line] of lines.entries()) {
    const key = line.slice(0, line.indexOf(' '))
    if (acked.has(key)) continue
    const offset = start + place
    const text = `${line}\n`
    const digest = createHash('sha256').update(text).digest()
    const batch = { chunks: [Buffer.from(text)], lines: 1, idempotency: { scope: 'web', key, digest } }
    expect(await log.append('web', batch)).toMatchObject({ firstOffset: offset, isDuplicate: true })
    acked.set(key, offset)
    count++
  }
  return count
}
