/**
 * kill -9 of the server, or of the batch beside it, just before and just after each write, sync, rename, delete, begin
 * and commit of log, archive and report. The moments are those that lives under load meet, from start to stop.
 * MILLRACE_FAILPOINT_KILLS sets how often at each; without it a sample is taken, by MILLRACE_SEED.
 * MILLRACE_FAILPOINT_WORLDS sets how many data folders are tortured side by side.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { seeded } from '../contract/random-groups.ts'
import { Serving } from '../server/serving.ts'
import { TorturedWorld } from './tortured-world.ts'

const KILLS = Number(process.env.MILLRACE_FAILPOINT_KILLS ?? 0)
const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const WORLDS = Number(process.env.MILLRACE_FAILPOINT_WORLDS ?? 2)
const SAMPLE = 6
const HOOK = new URL('failpoints.mjs', import.meta.url).href
/** A life ends when all of these were met: lines were counted, archived with a copy, and restated by a batch. */
const WORK = ['after rename N.parquet', 'after sync mirror', 'after checkpoint', 'after commit']
const LONGEST_LIFE_MS = 60_000
/** A moment that a life seldom meets is waited for in so many of them. */
const MOST_LIVES = 5
const MOST_TIMES = 8

/** A life of the server under load; gives the names that it met, and whether it or its batch was killed. */
async function live(world: TorturedWorld, failpoint?: string): Promise<{ met: string[]; isKilled: boolean }> {
  const file = join(world.cwd, 'met.txt')
  rmSync(file, { force: true })
  const names = () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [])
  const isKilled = () => names().some((name) => name.endsWith(' killed'))
  const env = { NODE_OPTIONS: `--import ${HOOK}`, MILLRACE_FAILPOINTS_MET: file }
  try {
    const server = await Serving.start(world.cwd, { ...env, MILLRACE_FAILPOINT: failpoint })
    const sending = world.sendTo(server)
    const isOver = () => isKilled() || WORK.every((name) => names().includes(name))
    for (const end = Date.now() + LONGEST_LIFE_MS; server.isRunning && Date.now() < end && !isOver(); )
      await sleep(100)
    // What it does when it stops is met as well.
    await server.stop(isKilled() ? 'SIGKILL' : 'SIGTERM')
    await sending
  } catch (error) {
    // It died in its start.
    if (!isKilled()) throw error
  }
  return { met: names(), isKilled: isKilled() }
}

interface Moment {
  readonly name: string
  /** How often a life met it. */
  readonly count: number
  /** Met at the beginning of a data folder alone. */
  readonly isOfBirth: boolean
}

/** The moments that two lives of a new world met. */
async function survey(): Promise<Moment[]> {
  const world = new TorturedWorld()
  const first = countsOf((await live(world)).met)
  const second = countsOf((await live(world)).met)
  await world.expectAllOnce()
  const names = [...new Set([...first.keys(), ...second.keys()])].sort()
  expect(names).toEqual(expect.arrayContaining(WORK))
  return names.map((name) => {
    const [once, again] = [first.get(name), second.get(name)]
    return { name, count: Math.min(once ?? again!, again ?? once!), isOfBirth: again === undefined }
  })
}

function countsOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function sample(moments: readonly Moment[]): Moment[] {
  const random = seeded(SEED)
  return moments
    .map((moment) => ({ moment, order: random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, SAMPLE)
    .map(({ moment }) => moment)
}

/** A data folder that is killed again and again, and a new one when it has been looked through. */
class Victim {
  #world = new TorturedWorld()

  async renew(): Promise<void> {
    await this.#world.expectAllOnce()
    this.#world = new TorturedWorld()
  }

  async killAt({ name, count, isOfBirth }: Moment, random: () => number): Promise<void> {
    const kills = Math.max(KILLS, 1)
    for (let killed = 0, lives = 0; killed < kills; lives++) {
      if (isOfBirth) await this.renew()
      const times = 1 + Math.floor(random() * Math.min(count, MOST_TIMES))
      // A life may meet it less often than those before did.
      const { isKilled } = await live(this.#world, `${name}#${lives % 2 === 0 ? times : 1}`)
      if (isKilled) killed += 1
      expect(lives, `${name} is met`).toBeLessThan(kills * MOST_LIVES)
    }
    if (KILLS) console.log(`${name}: ${kills} kills, ${this.#world.acked} lines acked in this folder`)
  }
}

it(`loses no acked line and counts none twice, killed at ${KILLS ? `each moment ${KILLS} times` : `${SAMPLE} moments`} (seed ${SEED})`, async () => {
  const all = await survey()
  const moments = KILLS ? all : sample(all)
  let next = 0
  const torture = async () => {
    const victim = new Victim()
    for (let place = next++; place < moments.length; place = next++)
      await victim.killAt(moments[place]!, seeded(SEED + place))
    await victim.renew()
  }
  await Promise.all(Array.from({ length: WORLDS }, torture))
  if (KILLS) console.log(`${moments.length} moments, ${KILLS} kills at each`)
}, 36_000_000)
