/**
 * Whole runs of Spark over HDFS into PostgreSQL while Spark's driver or a DataNode dies: afterwards, and after a run that
 * follows, the totals are those of the embedded engines. MILLRACE_KILLS sets how often, MILLRACE_SEED the moments.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { Random } from '../model/random.ts'
import { clusterAddress } from './cluster-addresses.ts'
import {
  activeApplications,
  allExecutors,
  driverOf,
  kill,
  processesOf,
  waitUntil,
} from './spark-processes.ts'
import { expectHealed, failureOf, strike } from './strike.ts'
import { makeTwins, removeTwins, type Twins } from './twins.ts'

const KILLS = Number(process.env.MILLRACE_KILLS ?? 3)
/** Each of these takes a whole application of Spark and the time in which HDFS copies what was lost: less in CI. */
const EMPTIED = KILLS < 20 ? Math.ceil(KILLS / 3) : KILLS
const SEED = Number(process.env.MILLRACE_SEED ?? 1)
/** Of one whole run of Spark on a machine that has much else to do. */
const MOST_MS = 300_000
const { ui } = clusterAddress('spark')

afterEach(removeTwins)

describe("Spark's driver killed -9 in a run over HDFS into PostgreSQL", () => {
  const random = new Random(SEED)

  async function expectNothingLeft(pair: Twins): Promise<void> {
    const { dataDir } = pair.tested.folders
    expect(await processesOf(dataDir)).toEqual([])
    expect(await readdir(join(dataDir, 'tmp'))).toEqual([])
    expect(await pair.stagedInHdfs()).toEqual([])
    await waitUntil(async () => (await activeApplications(ui)).length === 0, 'the master to forget it')
    await waitUntil(async () => (await allExecutors(ui)).length === 0, 'executors to end')
  }

  /** The process of a run, and when it is over. */
  async function runWithDriver(pair: Twins) {
    const outcome = failureOf(pair.tested.batch())
    const driver = await waitUntil(() => driverOf(pair.tested.folders.dataDir), 'a driver')
    return { outcome, driver, startedMs: performance.now() }
  }

  /** True when the kill came before the driver ended by itself. */
  async function killAt(momentMs: number, { outcome, driver }: Awaited<ReturnType<typeof runWithDriver>>) {
    const isInTime = await Promise.race([outcome.then(() => false), sleep(momentMs, true)])
    if (isInTime) await kill(driver)
    return isInTime
  }

  it(
    `at ${KILLS} random moments (seed ${SEED}): says so, leaves the report and nothing else; the next run is right`,
    async () => {
      const pair = await makeTwins({ archive: 'hdfs', batch: 'spark', report: 'postgres' })
      const first = await runWithDriver(pair)
      expect(await first.outcome).toBeUndefined()
      const lifeMs = performance.now() - first.startedMs
      let held = await pair.expected()
      const moments: number[] = []
      for (let round = 0; round < KILLS; round++) {
        await pair.grow(1)
        const momentMs = random.next() * lifeMs * 0.6
        const run = await runWithDriver(pair)
        if (await killAt(momentMs, run)) {
          moments.push(Math.round(momentMs / 100) / 10)
          expect(await run.outcome).toMatchObject({
            code: 'BATCH_ENGINE_LOST',
            message: expect.stringContaining('SIGKILL'),
          })
          expect(await pair.totals()).toEqual(held)
        }
        await expectNothingLeft(pair)
        held = await pair.expected()
        // Of Spark once more below; the embedded engine finds the same blocks and the same report sooner.
        if (round < KILLS - 1) await pair.rerunEmbedded()
        else expect(await failureOf(pair.tested.batch())).toBeUndefined()
        expect(await pair.totals()).toEqual(held)
        console.log(
          `driver ${round + 1} of ${KILLS}: to be killed after ${Math.round(momentMs)} ms; totals right`,
        )
      }
      const { revisions, stale, open } = await pair.reportState()
      const runs = 1 + KILLS + (KILLS - moments.length)
      expect({ runs: revisions.length, stale, open }).toEqual({ runs, stale: [], open: [] })
      await expectNothingLeft(pair)
      const late = `${KILLS - moments.length} had ended by itself`
      console.log(
        `${KILLS} kills of Spark's driver, seed ${SEED}: after ${moments.join(', ')} s of its life; ${late}`,
      )
    },
    (2 + KILLS) * MOST_MS,
  )
})

describe('a DataNode killed -9 in a run of Spark, its folder deleted', () => {
  const { dataNodes } = clusterAddress('hdfs')
  const random = new Random(SEED)

  it(
    `${EMPTIED} times at random (seed ${SEED}): the run goes through, nothing is missing, replication is restored`,
    async () => {
      const pair = await makeTwins({ archive: 'hdfs', batch: 'spark', report: 'postgres' })
      for (let round = 0; round < EMPTIED; round++) {
        if (round > 0) await pair.grow(1)
        const { name, folder } = random.pick(dataNodes)
        const outcome = failureOf(pair.tested.batch())
        await waitUntil(async () => (await activeApplications(ui)).length > 0, 'an application')
        await sleep(random.next() * 6000)
        await strike(name, async () => {
          await rm(folder, { recursive: true })
          expect(await outcome).toBeUndefined()
          expect(await pair.totals()).toEqual(await pair.expected())
        })
        await expectHealed(pair)
      }
      console.log(`${EMPTIED} DataNodes emptied under Spark, seed ${SEED}: all runs went through`)
    },
    2 * EMPTIED * MOST_MS,
  )
})
