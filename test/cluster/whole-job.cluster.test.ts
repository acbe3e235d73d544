/**
 * Whole runs on HDFS, Spark and PostgreSQL while engines die: afterwards, and after a run that follows, the totals are
 * those of the embedded engines. MILLRACE_KILLS sets how often each is killed, MILLRACE_SEED the moments.
 */
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { openArchive } from '../../src/engines/registry.ts'
import { Random } from '../model/random.ts'
import { Pipeline } from '../pipeline.ts'
import { clusterAddress, killProcess, startProcess } from './cluster-addresses.ts'
import { type ChosenRoles, clusterRoles } from './cluster-roles.ts'
import { BAD, definition, EDGE, readTotals, webLine } from './whole-job.ts'

const KILLS = Number(process.env.MILLRACE_KILLS ?? 3)
const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const random = new Random(SEED)
/** Each ingest is a block of its own. */
const INGESTS = 8
const INGEST_LINES = 400
const MOST_MS = 120_000

/** The same lines for the roles under test and for the embedded ones, whose totals are right. */
class Twins {
  readonly tested: Pipeline
  readonly #oracle = new Pipeline(definition)
  #lines = 0

  constructor(chosen: ChosenRoles) {
    this.tested = new Pipeline(definition, clusterRoles(chosen))
  }

  async grow(ingests: number): Promise<void> {
    for (let index = 0; index < ingests; index++) {
      const lines = Array.from({ length: INGEST_LINES }, () => webLine(this.#lines++))
      for (const twin of [this.tested, this.#oracle]) {
        await twin.ingest('web', [...BAD, ...lines].join('\n'))
        await twin.ingest('edge', [...EDGE, `ts=2026-01-02T00:00:00Z bytes=${this.#lines}`].join('\n'))
      }
    }
  }

  async expected(): Promise<unknown> {
    await this.#oracle.batch()
    return readTotals(this.#oracle)
  }

  remove(): void {
    this.tested.remove()
    this.#oracle.remove()
  }
}

const twins: Twins[] = []
afterEach(() => {
  for (const each of twins.splice(0)) each.remove()
})

async function makeTwins(chosen: ChosenRoles): Promise<Twins> {
  const made = new Twins(chosen)
  twins.push(made)
  await made.grow(INGESTS)
  return made
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await act()
  return performance.now() - started
}

/** The outcome of a run that is struck at a moment; whatever happens the process runs again before this resolves. */
async function struck(run: () => Promise<unknown>, name: string, afterMs: number, backMs: number) {
  const outcome = run().then(
    () => undefined,
    (error: unknown) => error,
  )
  await sleep(afterMs)
  await killProcess(name)
  try {
    await sleep(backMs)
  } finally {
    await startProcess(name)
  }
  return outcome
}

describe('PostgreSQL killed -9 in a run over HDFS', () => {
  it(
    `at ${KILLS} random moments (seed ${SEED}): the report holds the run before or the run after`,
    async () => {
      const pair = await makeTwins({ archive: 'hdfs', report: 'postgres' })
      const durationMs = await timed(() => pair.tested.batch())
      let held = await pair.expected()
      const found = { before: 0, after: 0, failed: 0 }
      for (let kill = 0; kill < KILLS; kill++) {
        await pair.grow(1)
        const next = await pair.expected()
        const moment = random.next() * durationMs
        const failure = await struck(() => pair.tested.batch(), 'postgres', moment, random.next() * 1500)
        if (failure) expect(failure).toMatchObject({ code: 'REPORT_UNREACHABLE' })
        const totals = await readTotals(pair.tested)
        expect([held, next]).toContainEqual(totals)
        found[JSON.stringify(totals) === JSON.stringify(next) ? 'after' : 'before']++
        if (failure) found.failed++
        else expect(totals).toEqual(next)
        await pair.tested.batch()
        expect(await readTotals(pair.tested)).toEqual(next)
        held = next
      }
      console.log(`${KILLS} kills of PostgreSQL in a run, seed ${SEED}: ${JSON.stringify(found)}`)
    },
    MOST_MS + KILLS * 40_000,
  )
})

describe('a DataNode killed -9 in a run', () => {
  const { dataNodes } = clusterAddress('hdfs')

  async function reachesThreeNodes(pair: Twins): Promise<void> {
    const archive = await openArchive(pair.tested.folders)
    const live = async () => (await archive.health?.())?.liveNodes
    await expect.poll(live, { timeout: 60_000, interval: 500 }).toBe(3)
  }

  it(
    `of the embedded engine over HDFS, ${KILLS} times at random (seed ${SEED}): the run goes through`,
    async () => {
      const pair = await makeTwins({ archive: 'hdfs', report: 'postgres' })
      const durationMs = await timed(() => pair.tested.batch())
      for (let kill = 0; kill < KILLS; kill++) {
        await pair.grow(1)
        // What an earlier run copied here need not be read from HDFS again.
        await rm(`${pair.tested.folders.dataDir}/cache`, { recursive: true, force: true })
        const victim = random.pick(dataNodes)
        const moment = (random.next() * durationMs) / 2
        expect(await struck(() => pair.tested.batch(), victim.name, moment, 2000)).toBeUndefined()
        expect(await readTotals(pair.tested)).toEqual(await pair.expected())
        await reachesThreeNodes(pair)
      }
      console.log(`${KILLS} kills of a DataNode in a run, seed ${SEED}: all runs went through`)
    },
    MOST_MS + KILLS * 60_000,
  )

  it(
    'of Spark, its folder deleted: the same totals, nothing missing, and replication restored',
    async () => {
      const pair = await makeTwins({ archive: 'hdfs', batch: 'spark', report: 'postgres' })
      const [victim] = dataNodes
      const run = pair.tested.batch()
      try {
        await sleep(2000)
        await killProcess(victim!.name)
        await rm(victim!.folder, { recursive: true })
        await run
        expect(await readTotals(pair.tested)).toEqual(await pair.expected())
      } finally {
        await startProcess(victim!.name)
      }
      const archive = await openArchive(pair.tested.folders)
      const wounds = async () => [
        ...(await archive.scrub('web')).findings,
        ...(await archive.scrub('edge')).findings,
      ]
      await expect.poll(wounds, { timeout: 120_000, interval: 1000 }).toEqual([])
      await reachesThreeNodes(pair)
      expect(await archive.health?.()).toMatchObject({ missingBlocks: 0, corruptBlocks: 0 })
    },
    3 * MOST_MS,
  )
})

describe('two runs of the same lines at once', () => {
  it('on HDFS and PostgreSQL publish one after the other, and the totals are right', async () => {
    const pair = await makeTwins({ archive: 'hdfs', report: 'postgres' })
    const records = await Promise.all([pair.tested.batch(), pair.tested.batch()])
    expect(records.map(({ revision }) => revision).sort()).toEqual([1, 2])
    expect(await readTotals(pair.tested)).toEqual(await pair.expected())
  })
})
