/** A PostgreSQL that is killed, drops connections or is asked by two at once: the report holds one whole run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stagedTextReader } from '../../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../../src/engines/postgres/report.ts'
import type { Publication, Report } from '../../src/ports/report.ts'
import type { Lines, StagedTextReader } from '../../src/ports/staged-text.ts'
import { groupsOf, readSeed } from '../contract/held-run.ts'
import { seeded } from '../contract/random-groups.ts'
import { makePlan, stage } from '../contract/report-fixture.ts'
import { OwnPostgres } from './own-postgres.ts'

const KILLS = Number(process.env.MILLRACE_KILLS ?? 3)
const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const random = seeded(SEED)
const plan = makePlan()

let server: OwnPostgres
let dir: string
beforeAll(async () => {
  // Commits stay safe without a sync as long as the machine itself lives on.
  server = await OwnPostgres.start()
  dir = mkdtempSync(join(tmpdir(), 'millrace-postgres-faults-'))
})
afterAll(async () => {
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const open = (
  schema: string,
  mode: 'read' | 'write',
  text: StagedTextReader = stagedTextReader,
  patienceMs?: number,
) =>
  openPostgresReport(
    { url: server.url, schema },
    mode,
    patienceMs === undefined ? { text } : { text, patienceMs },
  )

const stageSeed = (seed: number): Promise<Publication> =>
  stage(dir, plan, groupsOf(seed), { name: `seed${seed}`, rejects: [REJECT] })
const REJECT = { offset: 1, metric: null, reason: 'invalid_json', field: null }

async function publishSeed(schema: string, seed: number): Promise<void> {
  const report = await open(schema, 'write')
  await report.publish(await stageSeed(seed)).finally(() => report.close())
}

async function heldSeed(schema: string, seeds: readonly number[]): Promise<[number | undefined, number]> {
  const report = await open(schema, 'read')
  try {
    const held = await readSeed(report, seeds)
    const [run] = await report.runs(1)
    expect((await report.metricState(plan.metric))?.revision).toBe(run?.revision)
    expect((await report.rejects('web', 5)).total).toBe(1)
    return [held, run!.revision]
  } finally {
    await report.close()
  }
}

/** Calls `strike` once, when the lines of this part are on their way. */
function strikeAt(part: string, strike: () => Promise<void>): StagedTextReader {
  let struck = false
  async function* watched(lines: Lines, name: string): Lines {
    for await (const piece of lines) {
      const half = piece.indexOf(10) + 1
      yield piece.subarray(0, half)
      if (name === part && !struck) {
        struck = true
        await strike()
      }
      yield piece.subarray(half)
    }
  }
  return {
    ...stagedTextReader,
    async openMetric(...job) {
      const metric = await stagedTextReader.openMetric(...job)
      return {
        newSeries: () => watched(metric.newSeries(), 'series'),
        tally: (tally, revision) => watched(metric.tally(tally, revision), tally.id),
        count: () => metric.count(),
        close: () => metric.close(),
      }
    },
    readRejects: (staged, revision) => watched(stagedTextReader.readRejects(staged, revision), 'rejects'),
  }
}

const PARTS = ['series', 'base', 'keyed1', 'keyed2', 'rejects']

describe('a server killed in the middle of a swap', () => {
  it.each(PARTS)(
    'at the %s: the report stays as it was, and the run goes through when it is back',
    async (part) => {
      const schema = `killed_${part}`
      await publishSeed(schema, 100)
      const hopeless = await open(schema, 'write', strikeAt(part, killForGood), 0)
      await expect(hopeless.publish(await stageSeed(101))).rejects.toMatchObject({
        code: 'REPORT_UNREACHABLE',
      })
      await hopeless.close()
      await server.restart()
      expect(await heldSeed(schema, [100, 101])).toEqual([100, 1])
      const patient = await open(schema, 'write', strikeAt(part, killAndRestart))
      const record = await patient.publish(await stageSeed(101))
      await patient.close()
      expect(record.revision).toBe(2)
      expect(await heldSeed(schema, [100, 101])).toEqual([101, 2])
    },
  )

  it(
    `at ${KILLS} random moments (seed ${SEED}): it holds the run before or the run after`,
    async () => {
      await publishSeed('random', 1000)
      let [before, after, held, revision] = [0, 0, 1000, 1]
      for (let kill = 1; kill <= KILLS; kill++) {
        const next = 1000 + kill
        const publication = await stageSeed(next)
        const report = await open('random', 'write', stagedTextReader, 0)
        const killed = new Promise((resolve) => setTimeout(() => resolve(server.kill()), random() * 200))
        await report.publish(publication).catch((error) => expect(error.code).toBe('REPORT_UNREACHABLE'))
        await killed
        await report.close()
        await server.restart()
        const [found, at] = await heldSeed('random', [held, next])
        if (found === next) after++
        else before++
        expect(at).toBe(found === next ? revision + 1 : revision)
        held = found!
        revision = at
      }
      console.log(
        `${KILLS} kills of the server, seed ${SEED}: ${before} before the commit, ${after} after it`,
      )
    },
    KILLS * 20_000,
  )
})

const killForGood = async () => {
  server.kill()
  while (await server.answers()) await new Promise((resolve) => setTimeout(resolve, 20))
}
const killAndRestart = async () => {
  await killForGood()
  await server.restart()
}

describe('a connection that is lost', () => {
  it.each(PARTS)('at the %s is made again, and the run published once', async (part) => {
    const schema = `lost_${part}`
    await publishSeed(schema, 200)
    const report = await open(schema, 'write', strikeAt(part, terminateOthers))
    const { revision } = await report.publish(await stageSeed(201))
    await report.close()
    expect(revision).toBe(2)
    expect(await heldSeed(schema, [200, 201])).toEqual([201, 2])
    expect(await server.query(`SELECT count(*) FROM ${schema}.runs`)).toEqual([['2']])
  })

  it('while idle is not noticed', async () => {
    await publishSeed('idle', 300)
    const report = await open('idle', 'read')
    expect(await report.runs(1)).toHaveLength(1)
    await terminateOthers()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await report.runs(1)).toHaveLength(1)
    await report.close()
  })

  it('in the commit: the run is found, not published again', async () => {
    await publishSeed('commit', 400)
    const report = await open('commit', 'write')
    const publication = await stageSeed(401)
    const restore = loseNextCommit()
    const record = await report.publish(publication).finally(restore)
    await report.close()
    expect(record.revision).toBe(2)
    expect(await heldSeed('commit', [400, 401])).toEqual([401, 2])
    expect(await server.query('SELECT count(*) FROM commit.runs')).toEqual([['2']])
  })
})

const terminateOthers = async () => {
  await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'millrace' AND pid <> pg_backend_pid()`)
}

/** The commit reaches the server; its answer does not reach us. */
function loseNextCommit(): () => void {
  const original = pg.Client.prototype.query
  let lost = false
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const run = () => Reflect.apply(original, this, args)
    if (lost || args[0] !== 'COMMIT') return run()
    lost = true
    return run().then(() => {
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    })
  } as typeof original
  return () => {
    expect(lost).toBe(true)
    pg.Client.prototype.query = original
  }
}

describe('two publishers at once', () => {
  it('come one after the other, whatever their ranges', async () => {
    await publishSeed('two', 500)
    const seeds = [501, 502, 503, 504]
    const publications = await Promise.all(seeds.map(stageSeed))
    const reports = await Promise.all(seeds.map(() => open('two', 'write')))
    const records = await Promise.all(reports.map((report, place) => report.publish(publications[place]!)))
    await Promise.all(reports.map((report) => report.close()))
    expect(records.map(({ revision }) => revision).sort()).toEqual([2, 3, 4, 5])
    const last = seeds[records.findIndex(({ revision }) => revision === 5)]!
    expect(await heldSeed('two', seeds)).toEqual([last, 5])
  })

  it('do not disturb readers, who see one run or the next', async () => {
    await publishSeed('read', 600)
    const seeds = [600, 601, 602, 603, 604]
    const reader = await open('read', 'read')
    let isDone = false
    const seen: (number | undefined)[] = []
    const watch = async (report: Report) => {
      while (!isDone) seen.push(await readSeed(report, seeds))
    }
    const watching = watch(reader)
    for (const seed of seeds.slice(1)) await publishSeed('read', seed)
    isDone = true
    await watching
    await reader.close()
    expect([...seen]).toEqual([...seen].sort())
    expect(new Set(seen).size).toBeGreaterThan(1)
  })
})
