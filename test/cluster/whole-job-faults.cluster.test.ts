/**
 * Whole runs of the embedded engine over HDFS into PostgreSQL while either dies: afterwards, and after a run that
 * follows, the totals are those of the embedded roles. MILLRACE_KILLS sets how often each is killed, MILLRACE_SEED the moments.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { BatchProgress } from '../../src/run/run-batch.ts'
import { Random } from '../model/random.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { expectHealed, failureOf, strike } from './strike.ts'
import { makeTwins, removeTwins, type Twins } from './twins.ts'

const KILLS = Number(process.env.MILLRACE_KILLS ?? 3)
const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const MOST_MS = 120_000

afterEach(removeTwins)

describe('PostgreSQL killed -9 in a run over HDFS', () => {
  const random = new Random(SEED)

  /** Half of the kills are at a moment of the whole run, half at a moment of the swap. */
  async function runStruck(pair: Twins, isInSwap: boolean, usual: { runMs: number; swapMs: number }) {
    let outcome: Promise<unknown> | undefined
    const swap = new Promise<void>((resolve) => {
      const onProgress = ({ phase }: BatchProgress) => phase === 'publish' && resolve()
      outcome = failureOf(pair.tested.batch({}, { onProgress }))
    })
    if (isInSwap) await Promise.race([swap, outcome])
    await sleep(random.next() * (isInSwap ? usual.swapMs : usual.runMs))
    await strike('postgres', () => sleep(random.next() * 1500))
    return outcome
  }

  it(
    `at ${KILLS} random moments (seed ${SEED}): the report holds the run before or the run after`,
    async () => {
      const pair = await makeTwins({ archive: 'hdfs', report: 'postgres' })
      const { startedMs, finishedMs, publishMs: swapMs } = await pair.tested.batch()
      const usual = { runMs: finishedMs - startedMs, swapMs }
      let held = await pair.expected()
      const { tables } = await pair.reportState()
      const revisions = [1]
      const expectReport = async () =>
        expect(await pair.reportState()).toEqual({ revisions, stale: [], tables, open: [] })
      const found = { before: 0, after: 0, failed: 0 }
      for (let round = 0; round < KILLS; round++) {
        await pair.grow(1)
        const next = await pair.expected()
        const failure = await runStruck(pair, round % 2 === 1, usual)
        if (failure) expect(failure).toMatchObject({ code: 'REPORT_UNREACHABLE' })
        const totals = await pair.totals()
        expect([held, next]).toContainEqual(totals)
        const isAfter = JSON.stringify(totals) === JSON.stringify(next)
        found[isAfter ? 'after' : 'before']++
        if (isAfter) revisions.push(revisions.length + 1)
        if (failure) found.failed++
        else expect(totals).toEqual(next)
        await expectReport()
        await pair.tested.batch()
        revisions.push(revisions.length + 1)
        expect(await pair.totals()).toEqual(next)
        await expectReport()
        held = next
      }
      console.log(`${KILLS} kills of PostgreSQL in a run, seed ${SEED}: ${JSON.stringify(found)}`)
    },
    MOST_MS + KILLS * 60_000,
  )
})

describe('a DataNode killed -9 in a run', () => {
  const { dataNodes } = clusterAddress('hdfs')
  const random = new Random(SEED)

  it(
    `of the embedded engine over HDFS, ${KILLS} times at random (seed ${SEED}), its folder deleted every other time`,
    async () => {
      const pair = await makeTwins({ archive: 'hdfs', report: 'postgres' })
      const { startedMs, finishedMs } = await pair.tested.batch()
      for (let round = 0; round < KILLS; round++) {
        await pair.grow(1)
        // What an earlier run copied here need not be read from HDFS again.
        await rm(join(pair.tested.folders.dataDir, 'cache'), { recursive: true, force: true })
        const { name, folder } = random.pick(dataNodes)
        const outcome = failureOf(pair.tested.batch())
        await sleep((random.next() * (finishedMs - startedMs)) / 2)
        await strike(name, async () => {
          if (round % 2 === 1) await rm(folder, { recursive: true })
          await sleep(2000)
        })
        expect(await outcome).toBeUndefined()
        expect(await pair.totals()).toEqual(await pair.expected())
        await expectHealed(pair)
      }
      console.log(`${KILLS} kills of a DataNode in a run, seed ${SEED}: all runs went through`)
    },
    MOST_MS + KILLS * 120_000,
  )
})

describe('two runs of the same lines at once', () => {
  it('on HDFS and PostgreSQL publish one after the other, and the totals are right', async () => {
    const pair = await makeTwins({ archive: 'hdfs', report: 'postgres' })
    const records = await Promise.all([pair.tested.batch(), pair.tested.batch()])
    expect(records.map(({ revision }) => revision).sort()).toEqual([1, 2])
    expect(await pair.totals()).toEqual(await pair.expected())
    expect(await pair.reportState()).toMatchObject({ revisions: [1, 2], stale: [], open: [] })
  })
})
