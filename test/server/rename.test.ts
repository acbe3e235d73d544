/** A source takes another name under a server and its commands: nothing is counted again, and nothing is lost. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from './serving.ts'

const define = (sources: string, metrics: string) => `sources:
${sources}
metrics:
${metrics}
serve: { listen: "127.0.0.1:0", restate: scheduled }
`
const RULE = 'format: json, time: { field: ts, layout: epoch_ms }'
const hits = (source: string) =>
  `  hits: { source: ${source}, window: 1s, allowed_lateness: 1h, measures: { n: count() } }`
const OLD = define(`  web: { ${RULE} }`, hits('web'))
const RENAMED = define(`  site: { was: web, ${RULE} }`, hits('site'))

const cwd = makeFolder({ 'millrace.yaml': OLD })
let server: Serving | undefined
afterAll(() => server?.stop('SIGKILL'))

const run = (...args: string[]) => millrace(args, { cwd })
const write = (definition: string) => writeFileSync(join(cwd, 'millrace.yaml'), definition)
const linesOf = (count: number) => `{"ts":${Date.now()}}\n`.repeat(count)

async function total(): Promise<number> {
  const { stdout, stderr } = await run('query', 'hits', '--step', '1y', '--json')
  if (stdout === '') throw new Error(stderr)
  return (JSON.parse(stdout) as { n: number }[]).reduce((sum, { n }) => sum + n, 0)
}

it('stops for it, renames all that there is, and goes on', async () => {
  server = await Serving.start(cwd)
  const text = linesOf(3)
  const first = await server.send('web', text, 'one')
  expect(first.status).toBe(200)
  await server.counted()
  write(RENAMED)
  const check = await run('check')
  expect(check.stderr).toContain('Source web takes the name site')
  const refused = await run('batch')
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining('Source site waits to take over'),
  ])
  const before = server.said.length
  process.kill(server.pid, 'SIGHUP')
  await expect.poll(() => server!.said.slice(before)).toContain('cannot change the name of source web.')
  expect(await server.stop()).toBe(0)

  server = await Serving.start(cwd)
  expect(server.said).toContain('Source web is now site, with all that it has.')
  const again = await server.send('web', text, 'one')
  expect(again.body).toMatchObject({ source: 'site', duplicate: true, first_offset: 0 })
  await server.send('site', linesOf(2))
  await server.counted()
  expect(await total()).toBe(5)
  expect(await server.stop()).toBe(0)
  const { status, stdout } = await run('ledger', '--json')
  const ledgers = JSON.parse(stdout) as { ledger: { source: string; counted: number } }[]
  expect(status).toBe(0)
  expect(ledgers.map(({ ledger }) => [ledger.source, ledger.counted])).toEqual([['site', 5]])
  expect((await run('batch')).status).toBe(0)
  expect((await run('verify')).status).toBe(0)
})

it('drops totals of another source by consent alone', async () => {
  const sources = `  site: { ${RULE} }\n  web: { ${RULE} }`
  write(define(sources, hits('web')))
  writeFileSync(join(cwd, 'new.ndjson'), linesOf(1))
  expect((await run('ingest', 'web', 'new.ndjson')).status).toBe(0)
  expect((await run('check')).stderr).toContain('Metric hits was counted from source site and is now of web')
  const refused = await run('batch')
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain('write `was: site` under source web')
  // What a definition names again is there as it was.
  write(define(sources, hits('site')))
  expect((await run('batch')).status).toBe(0)
  expect(await total()).toBe(5)
  write(define(sources, hits('web')))
  expect((await run('batch', '--replace')).status).toBe(0)
  expect(await total()).toBe(1)
  write(define(`  web: { ${RULE} }`, `  other: { source: web, window: 1s, measures: { n: count() } }`))
  const { stdout } = await run('check', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ valid: true, renames: [], changes: [{ metric: 'other', kind: 'new' }] },
    leftOut: { metrics: ['hits'], sources: [{ source: 'site', lines: 5 }] },
  })
})
