/** Records that Kafka gave up before they were archived, with a report in PostgreSQL: one source waits for a word, the other goes on. */
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { expire, makeTopic, produce, withAdmin } from './kafka-topics.ts'
import { OwnDatabase } from './own-database.ts'

const kafka = clusterAddress('kafka')
const id = randomUUID().slice(0, 8)

let server: Serving | undefined
afterEach(async () => {
  await server?.stop('SIGKILL')
})

async function makeWorld(name: string, from = ''): Promise<string> {
  const database = await OwnDatabase.make()
  const source = 'format: json, time: { field: ts, layout: epoch_ms }, fields: { id: integer }'
  return makeFolder({
    'millrace.yaml': `sources: { web: { ${source} }, app: { ${source}${from} } }
metrics:
  web.n: { source: web, window: 1h, measures: { n: count() }, allowed_lateness: 1h }
  app.n: { source: app, window: 1h, measures: { n: count() }, allowed_lateness: 1h }
log: { kafka: "${kafka.brokers}", topic_prefix: "${name}-${id}." }
report: { postgres: "${database.url}" }
serve: { listen: "127.0.0.1:0" }
`,
  })
}

async function streamLedger(cwd: string, metric: string): Promise<Record<string, unknown> | undefined> {
  const { stdout } = await millrace(['--json', 'ledger'], { cwd })
  const entries: { by: string; ledger: Record<string, unknown> }[] = JSON.parse(stdout || '[]')
  return entries.find(({ by, ledger }) => by === 'stream' && ledger['metric'] === metric)?.ledger
}

const T0 = Date.now()
const lines = (count: number) => `${JSON.stringify({ ts: T0, id: 1 })}\n`.repeat(count)

it('lets a source go on without lines that are gone, and holds up no other, before or after', async () => {
  const cwd = await makeWorld('lost')
  const run = (...args: string[]) => millrace(args, { cwd })
  const ledgerOf = (metric: string) => streamLedger(cwd, metric)
  server = await Serving.start(cwd)
  for (const source of ['web', 'app']) expect((await server.send(source, lines(10))).status, source).toBe(200)
  await server.counted()
  expect((await run('batch')).status).toBe(0)
  expect((await server.send('web', lines(5))).status).toBe(200)
  await server.counted()
  await server.stop('SIGKILL')
  await expire(kafka, `lost-${id}.web`)

  server = await Serving.start(cwd)
  expect((await server.send('app', lines(1))).status).toBe(200)
  await server.counted()
  const held = await run('batch', '--json')
  expect([held.status, held.stderr]).toEqual([1, expect.stringContaining('Source web was left as it is.')])
  expect(JSON.parse(held.stdout)).toMatchObject({
    sources: [{ source: 'app', cut: 11 }],
    held: [{ source: 'web', code: 'LOG_LINES_MISSING' }],
  })
  await server.stop()

  // A broker that is away has lost nothing.
  const away = readFileSync(join(cwd, 'millrace.yaml'), 'utf8').replace(kafka.brokers, '127.0.0.1:1')
  writeFileSync(join(cwd, 'away.yaml'), away)
  const unproven = await run('--config', 'away.yaml', 'accept-loss', 'web', '--yes')
  expect([unproven.status, unproven.stderr]).toEqual([1, expect.stringContaining('127.0.0.1:1')])

  server = await Serving.start(cwd)
  const shown = await run('accept-loss', 'web')
  expect([shown.status, shown.stdout]).toEqual([2, expect.stringMatching(/10\.\.15 +5 /)])
  const accepted = await run('accept-loss', 'web', '--yes', '--json')
  expect(JSON.parse(accepted.stdout)).toMatchObject({ lines: 5, accepted: true })
  expect((await server.send('web', lines(3))).status).toBe(200)
  await expect.poll(() => ledgerOf('web.n'), { timeout: 40_000 }).toMatchObject({ counted: 18 })
  await server.stop()
  expect((await run('verify')).stderr).toContain('hold 5 lines of source web that were lost')
  expect((await run('batch', '--replace')).status).toBe(0)
  expect(await ledgerOf('web.n')).toMatchObject({ appended: 18, counted: 13, lost: 5 })
  const verified = await run('verify')
  expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining('all cells are equal')])
  expect((await run('query', 'web.n')).stderr).toContain('has lost 5 lines for good')
})

it('puts no other lines in the place of counted ones where the data folder is lost, and its topic too', async () => {
  const topic = `gone-${id}.others`
  await makeTopic(kafka, topic, 1)
  await produce(kafka, topic, 0, [lines(1), lines(1)])
  const cwd = await makeWorld('gone', `, from: { kafka: "${topic}", start: earliest, observed: read }`)
  const run = (...args: string[]) => millrace(args, { cwd })
  const ledger = () => streamLedger(cwd, 'web.n')
  server = await Serving.start(cwd)
  expect((await server.send('web', lines(10))).status).toBe(200)
  await expect.poll(ledger, { timeout: 40_000 }).toMatchObject({ counted: 10 })
  await server.stop('SIGKILL')
  rmSync(join(cwd, '.millrace'), { recursive: true })

  server = await Serving.start(cwd)
  const ordered = await run('accept-loss', 'web', '--yes')
  expect([ordered.status, ordered.stderr]).toEqual([1, expect.stringContaining('holds records')])
  await server.stop()
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [`gone-${id}.web`] }))

  server = await Serving.start(cwd)
  expect((await server.send('web', lines(30))).body).toMatchObject({ first_offset: 10 })
  await expect
    .poll(() => server!.said, { timeout: 40_000 })
    .toContain('Source web is held up: 10 of its lines')
  await server.stop()
  // Records of others that are read again may be fewer than were counted.
  for (const [metric, code] of [
    ['web.n', 'LOG_LINES_MISSING'],
    ['app.n', 'REPORT_OTHER_LOG'],
  ] as const) {
    const held = await run('batch', '--metric', metric, '--json')
    expect([held.status, held.stderr]).toEqual([1, expect.stringContaining(code)])
  }
  const accepted = await run('accept-loss', 'web', '--yes', '--json')
  expect(JSON.parse(accepted.stdout)).toMatchObject({ lines: 10, accepted: true })
  server = await Serving.start(cwd)
  await expect.poll(ledger, { timeout: 40_000 }).toMatchObject({ counted: 40 })
})
