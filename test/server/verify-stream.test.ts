/** What verify, repair, the ledger and a backfill make of a stream's totals, and of totals that someone changed. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from './serving.ts'

const METRIC = `
  requests:
    source: web
    window: 1s
    dimensions: { service: service }
    measures: { n: count(), ids: sum(id), spread: quantiles(id), users: distinct(id) }
    allowed_lateness: 1s
`
const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { service: string, id: integer } }
serve: { listen: "127.0.0.1:0", restate: scheduled }
metrics:${METRIC}`

let cwd: string
/** Lines of the present, some of a minute ago, which are late, and one that is no JSON. */
beforeAll(async () => {
  cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  const server = await Serving.start(cwd)
  for (let batch = 0; batch < 4; batch++) {
    const now = Date.now()
    const lines = Array.from({ length: 50 }, (_, index) => {
      const ts = now - (index % 10 === 0 ? 60_000 : 0)
      return JSON.stringify({ ts, service: `s${index % 2}`, id: batch * 50 + index })
    })
    await server.send('web', `${lines.join('\n')}\nnot JSON\n`)
  }
  await server.counted()
  await new Promise((resolve) => setTimeout(resolve, 4000))
  await server.stop()
})

const run = (...args: string[]) => millrace(args, { cwd })

async function tamper(sql: (tables: readonly string[]) => string): Promise<void> {
  const instance = await DuckDBInstance.create(join(cwd, '.millrace', 'report.duckdb'))
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(
    `SELECT table_name FROM duckdb_tables() WHERE schema_name = 'millrace' ORDER BY table_name`,
  )
  await connection.run(sql(reader.getRows().map(([name]) => String(name))))
  connection.closeSync()
  instance.closeSync()
}

const change = (pattern: RegExp, set: string) => (tables: readonly string[]) => {
  const table = `millrace."${tables.find((name) => pattern.test(name))!}"`
  return `UPDATE ${table} SET ${set} WHERE rowid = (SELECT min(rowid) FROM ${table})`
}

async function verifies(
  ...args: string[]
): Promise<{ status: number | null; differing: number; late: number }> {
  const { status, stdout } = await run('--json', 'verify', ...args)
  const [{ differing, late }] = JSON.parse(stdout).metrics
  return { status, differing, late }
}

describe('a stream with late lines', () => {
  it('is equal by its own rule, and late lines explain the rest', async () => {
    expect(await verifies()).toEqual({ status: 0, differing: 0, late: 0 })
    const { status, differing, late } = await verifies('--count-late')
    expect(differing).toBeGreaterThan(0)
    expect({ status, late }).toEqual({ status: 0, late: differing })
  })

  it('has every line in its ledger', async () => {
    const { status, stdout } = await run('--json', 'ledger')
    expect(status).toBe(0)
    const [entry] = JSON.parse(stdout)
    expect(entry).toMatchObject({
      by: 'stream',
      ledger: { appended: 204, counted: 180, filtered: 0, late: 20, rejected: 4 },
      waiting: 20,
    })
    expect((await run('ledger')).stdout).toContain('yes')
  })

  it('shows rejected lines that came by the door', async () => {
    const { stdout } = await run('rejects', 'web')
    expect(stdout.match(/invalid_json .*not JSON/g)).toHaveLength(4)
  })
})

describe('totals that someone changed', () => {
  it.each([
    ['one cell', change(/^totals_/, 'records = records + 1')],
    ['one row of a sketch', change(/^sketch_.*_keyed2$/, 'records = records + 1')],
    ['one register', change(/^sketch_.*_keyed1$/, 'max_0 = max_0 + 1')],
  ])('are found and repaired: %s', async (_, sql) => {
    await tamper(sql)
    const found = await verifies('--repair')
    expect(found.status).toBe(1)
    expect(found.differing).toBeGreaterThan(0)
    expect(await verifies()).toMatchObject({ status: 0, differing: 0 })
  })

  it('are found when it is the offset', async () => {
    const move = (by: number) => (tables: readonly string[]) =>
      tables
        .filter((name) => name === 'streams' || name === 'stream_metrics')
        .map((name) => `UPDATE millrace.${name} SET end_offset = end_offset + ${by}`)
        .join('; ')
    await tamper(move(-1))
    const { status, stderr } = await run('verify')
    expect(status).toBe(1)
    expect(stderr).toContain('does not balance')
    expect((await run('ledger')).stdout).toContain('NO')
    await tamper(move(1))
  })
})

it('backfills a metric that was added later, exactly where its stream begins', async () => {
  const added = METRIC.replace('requests:', 'added:').replace('1s', '2s')
  writeFileSync(join(cwd, 'millrace.yaml'), DEFINITION + added)
  const server = await Serving.start(cwd)
  expect(server.said).toMatch(/Metric added is new\. .*millrace backfill added/)
  await server.send('web', `${JSON.stringify({ ts: Date.now(), service: 's0', id: 1 })}\n`)
  await server.counted()
  await new Promise((resolve) => setTimeout(resolve, 5000))
  const dry = await run('backfill', 'added', '--dry-run')
  expect(dry.stdout).toMatch(/would read 20\d lines .* Nothing was changed/)
  expect((await run('backfill', 'added')).stdout).toContain('rows of added')
  const { stdout } = await run('query', 'added', '--step', '1d', '--by', '', '--format', 'csv')
  const counted = stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[1]))
  expect(counted.reduce((sum, n) => sum + n, 0)).toBe(201)
  const verified = await run('verify')
  expect(verified.stdout).toContain('all cells are equal')
  await server.stop()
})
