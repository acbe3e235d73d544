/**
 * kill -9 of the server, or of the batch beside it, just before and just after each write, sync, rename, delete, begin
 * and commit. The moments are those that a life under load meets. MILLRACE_FAILPOINT_KILLS sets how often at each;
 * without it a sample is taken, by MILLRACE_SEED.
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
const SAMPLE = 6
const HOOK = new URL('failpoints.mjs', import.meta.url).href
/** A life ends when all of these were met: lines were counted, archived, and restated by a batch. */
const WORK = ['after commit', 'after rename manifest.json', 'before delete staging']
const LONGEST_LIFE_MS = 60_000
/** A moment that a life seldom meets is waited for in so many of them, each on a new data folder. */
const MOST_LIVES = 5
const MOST_TIMES = 8

const random = seeded(SEED)

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
    await server.stop('SIGKILL')
    await sending
  } catch (error) {
    // It died in its start.
    if (!isKilled()) throw error
  }
  return { met: names(), isKilled: isKilled() }
}

/** How often a new world met each moment. */
async function survey(): Promise<Map<string, number>> {
  const world = new TorturedWorld()
  const counts = new Map<string, number>()
  for (const name of (await live(world)).met) counts.set(name, (counts.get(name) ?? 0) + 1)
  await world.expectAllOnce()
  return counts
}

function sample(names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, order: random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, SAMPLE)
    .map(({ name }) => name)
}

it(`loses no acked line and counts none twice, killed at ${KILLS ? `each moment ${KILLS} times` : `${SAMPLE} moments`} (seed ${SEED})`, async () => {
  const counts = await survey()
  const names = [...counts.keys()].sort()
  expect(names).toEqual(expect.arrayContaining(WORK))
  let world = new TorturedWorld()
  for (const name of KILLS ? names : sample(names)) {
    for (let kills = 0, lives = 0; kills < Math.max(KILLS, 1); ) {
      const times = 1 + Math.floor(random() * Math.min(counts.get(name)!, MOST_TIMES))
      const { isKilled } = await live(world, `${name}#${lives === 0 ? times : 1}`)
      if (isKilled) {
        kills += 1
        lives = 0
        continue
      }
      // What is met at the beginning of a data folder alone.
      lives += 1
      expect(lives, `${name} is met`).toBeLessThan(MOST_LIVES)
      await world.expectAllOnce()
      world = new TorturedWorld()
    }
    if (KILLS) console.log(`${name}: ${KILLS} kills, ${world.acked} lines acked in this folder`)
  }
  await world.expectAllOnce()
}, 36_000_000)
