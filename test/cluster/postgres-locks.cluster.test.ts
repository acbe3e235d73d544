/** Locks that others hold, a machine that freezes, and what an administrator forbids: told by name, and never for long. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stagedTextReader as text } from '../../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../../src/engines/postgres/report.ts'
import { tablesOf } from '../../src/engines/table-key.ts'
import type { Report } from '../../src/ports/report.ts'
import { makeFolder } from '../cli/run-cli.ts'
import { groupsOf } from '../contract/held-run.ts'
import { makePlan, stage } from '../contract/report-fixture.ts'
import { wholeQuery } from '../contract/whole-query.ts'
import { Serving } from '../server/serving.ts'
import { OwnPostgres } from './own-postgres.ts'

const plan = makePlan()
const { totals } = tablesOf(plan.metric, plan.version)

let server: OwnPostgres
let dir: string
beforeAll(async () => {
  server = await OwnPostgres.start()
  dir = mkdtempSync(join(tmpdir(), 'millrace-postgres-locks-'))
})
afterAll(async () => {
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const news: string[] = []
const onNews = (said: string) => news.push(said)
const open = (schema: string, mode: 'read' | 'write' = 'write', patienceMs = 3000) =>
  openPostgresReport({ url: server.url, schema }, mode, { text, patienceMs, onNews })

let stagings = 0
async function advance(report: Report): Promise<void> {
  const fromOffset = (await report.streamState('web'))?.endOffset ?? 0
  const { staged, appended } = (await stage(dir, plan, groupsOf(1), { name: `s${stagings++}` })).sources[0]!
  const place = {
    source: 'web',
    incarnation: 'log',
    clockMs: 0,
    fromOffset,
    endOffset: fromOffset + appended,
  }
  await report.advance({ ...place, plans: [plan], latenessMs: new Map([[plan.metric, 5000]]), staged })
}

/** A client of others that is in a transaction and does nothing. */
async function holding<T>(sql: string, act: (end: () => Promise<unknown>) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.url, application_name: 'dashboard' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(`BEGIN; ${sql}`)
    return await act(() => client.query('ROLLBACK'))
  } finally {
    await client.end()
  }
}

const HOLDER =
  /process \d+ of the server \(user postgres, application dashboard, .*idle in transaction, since 20/

describe('a lock that somebody holds', () => {
  it('on a table ends an advance and a query by its holder, and both go on after it', async () => {
    const report = await open('table')
    await advance(report)
    const refused = expect.objectContaining({
      code: 'REPORT_BLOCKED',
      message: expect.stringMatching(HOLDER),
    })
    await holding(`LOCK TABLE "table".${totals} IN ACCESS EXCLUSIVE MODE`, async (end) => {
      await expect(report.query(wholeQuery(plan))).rejects.toEqual(refused)
      await end()
    })
    await holding('LOCK TABLE "table".stream_metrics', async (end) => {
      await expect(advance(report)).rejects.toEqual(refused)
      await end()
    })
    await advance(report)
    await report.close()
  })

  it('on a view does not keep a stream from beginning, whose windows it shows later', async () => {
    const report = await open('view')
    await report.publish(await stage(dir, plan, [], { name: `s${stagings++}` }))
    const view = `view_views."${plan.metric}"`
    await holding(`SELECT * FROM ${view}`, async (end) => {
      await advance(report)
      await end()
    })
    expect(await server.query(`SELECT count(*) FROM ${view}`)).toEqual([['0']])
    await report.close()
    const again = await open('view')
    await advance(again)
    await again.close()
    expect(await server.query(`SELECT count(*) > 0 FROM ${view}`)).toEqual([[true]])
  })

  it('on the tables of an older version lets the new one be published, and they go later', async () => {
    const report = await open('older')
    await report.publish(await stage(dir, plan, groupsOf(1), { name: `s${stagings++}` }))
    const newer = makePlan(plan.metric, 'b'.repeat(16))
    await holding(`SELECT * FROM older.${totals}`, async (end) => {
      await report.publish(await stage(dir, newer, groupsOf(2), { name: `s${stagings++}` }))
      await end()
    })
    const there = `SELECT to_regclass('older.${totals}') IS NOT NULL`
    expect(await server.query(there)).toEqual([[true]])
    await report.close()
    await (await open('older')).close()
    expect(await server.query(there)).toEqual([[false]])
  })
})

describe('a view that somebody holds', () => {
  it('is waited for by a new version and by a new name of its source, which say for whom', async () => {
    const report = await open('changed', 'write', 1000)
    await report.publish(await stage(dir, plan, groupsOf(1), { name: `s${stagings++}` }))
    const newer = makePlan(plan.metric, 'c'.repeat(16))
    const view = `changed_views."${plan.metric}"`
    for (const change of [
      async () => report.publish(await stage(dir, newer, groupsOf(2), { name: `s${stagings++}` })),
      () => report.renameSource('web', 'site'),
    ]) {
      news.length = 0
      await holding(`SELECT * FROM ${view}`, async (end) => {
        const done = change()
        await expect.poll(() => news, { timeout: 30_000 }).toEqual([expect.stringMatching(HOLDER)])
        await end()
        await done
      })
    }
    expect((await report.heldMetrics()).map(({ source }) => source)).toEqual(['site'])
    await report.close()
  })
})

describe('a machine that freezes', () => {
  it('in the middle of a publication gives the schema up, and publishes once when it goes on', async () => {
    await (await open('frozen')).close()
    const child = spawn('node_modules/.bin/unrun', ['test/crash/postgres-advance-child.ts'], {
      env: { ...process.env, FREEZE: `${server.url} ${dir}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    const closed = new Promise((resolve) => child.once('close', resolve))
    const told = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        said += chunk
        if (/process \d+\n/.test(said)) resolve()
      })
    })
    await Promise.race([told, closed])
    const pid = Number(/process (\d+)/.exec(said)?.[1])
    process.kill(pid, 'SIGSTOP')
    const report = await open('frozen', 'write', 60_000)
    await advance(report)
    const state = await report.streamState('web')
    process.kill(pid, 'SIGCONT')
    await closed
    expect(said).toContain('ended: REPORT_STREAM_MOVED')
    expect(await report.streamState('web')).toEqual(state)
    await report.close()
  })
})

describe('serve', () => {
  it.each(['locked', 'frozen'] as const)('ends within seconds while its report is %s', async (how) => {
    const cwd = makeFolder({
      'millrace.yaml': `sources: { web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { id: integer } } }
metrics: { hits: { source: web, window: 1m, measures: { n: count() }, allowed_lateness: 1h } }
report: { postgres: "${server.url}", schema: stop_${how} }
serve: { listen: "127.0.0.1:0" }
`,
    })
    const serving = await Serving.start(cwd)
    const send = () => serving.send('web', `${JSON.stringify({ ts: Date.now(), id: 1 })}\n`)
    await send()
    await serving.counted()
    const stop = async () => {
      await send()
      await sleep(1500)
      const stopped = serving.stop()
      expect(await Promise.race([stopped, sleep(15_000)])).toBe(0)
    }
    try {
      if (how === 'locked')
        await holding('LOCK TABLE stop_locked.stream_metrics', async (end) => {
          await stop()
          await end()
        })
      else {
        server.freeze()
        await stop()
      }
    } finally {
      server.goOn()
      await serving.stop('SIGKILL')
    }
  })
})

describe('an administrator', () => {
  const refusal = async (url: string) => {
    const opened = openPostgresReport({ url, schema: 'admin' }, 'write', { text, patienceMs: 3000 })
    return (await opened.catch((thrown: unknown) => thrown)) as Error
  }

  it('who wants no changes is obeyed, and who limits statements is named as the cause', async () => {
    await server.query('CREATE DATABASE quiet')
    await server.query('ALTER DATABASE quiet SET default_transaction_read_only = on')
    for (const [role, setting] of [
      ['still', 'default_transaction_read_only = on'],
      ['hasty', 'statement_timeout = 1'],
    ]) {
      await server.query(`CREATE ROLE ${role} LOGIN SUPERUSER`)
      await server.query(`ALTER ROLE ${role} SET ${setting}`)
    }
    const quiet = await refusal(server.urlOf('postgres', undefined, 'quiet'))
    expect(quiet).toMatchObject({ code: 'REPORT_READ_ONLY' })
    expect(quiet.message).toContain('for this database')
    const still = await refusal(server.urlOf('still'))
    expect(still).toMatchObject({ code: 'REPORT_READ_ONLY' })
    expect(still.message).toContain('for this role')
    expect(await refusal(server.urlOf('hasty'))).toMatchObject({ code: 'REPORT_CANCELLED' })
  })
})
