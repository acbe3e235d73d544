/** SIGHUP: a server takes a changed definition without a line lost, or says why not and goes on with the old one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { sha256 } from '../pipeline.ts'
import { Serving } from './serving.ts'
import { CERT, KEY, OTHER_CERT, OTHER_KEY } from './tls.ts'

const SOURCE = 'format: json, time: { field: ts, layout: epoch_ms }, fields: { id: integer }'
const define = (metrics: string, serve = 'listen: "127.0.0.1:0"') => `sources:
  web: { ${SOURCE} }
metrics:
${metrics}
serve: { ${serve}, restate: scheduled }
`
const HITS = '  hits: { source: web, window: 1m, measures: { n: count() } }'
const WAITING = '  hits: { source: web, window: 1m, measures: { n: count() }, allowed_lateness: 5m }'
const SUMS = '  sums: { source: web, window: 1m, measures: { ids: sum(id) }, allowed_lateness: 5m }'

let cwd: string
let server: Serving
let acked = 0
beforeAll(async () => {
  cwd = makeFolder({ 'millrace.yaml': define(HITS) })
  server = await Serving.start(cwd)
})
afterAll(() => server?.stop('SIGKILL'))

async function send(lines: number, headers: Record<string, string> = {}): Promise<number> {
  const text = Array.from({ length: lines }, (_, index) =>
    JSON.stringify({ ts: Date.now(), id: acked + index }),
  )
  const answer = await fetch(`${server.url}/v1/ingest/web`, {
    ...{ method: 'POST', body: `${text.join('\n')}\n` },
    headers,
  })
  if (answer.status === 200) acked += lines
  return answer.status
}

/** Gives what the server says of it. */
async function reload(definition: string, told: string): Promise<string> {
  writeFileSync(join(cwd, 'millrace.yaml'), definition)
  const before = server.said.length
  process.kill(server.pid, 'SIGHUP')
  const said = () => server.said.slice(before)
  await expect.poll(said, { timeout: 30_000, interval: 50 }).toContain(told)
  return said()
}

async function total(metric: string, measure: string): Promise<number> {
  await server.counted()
  const args = ['query', metric, '--step', '1y', '--by', '', '--measures', measure, '--json']
  const { stdout, stderr } = await millrace(args, { cwd })
  if (stdout === '') throw new Error(stderr)
  return (JSON.parse(stdout) as Record<string, number>[]).reduce((sum, row) => sum + row[measure]!, 0)
}

const TAKEN = 'The definition was read again. Listening on'
const KEPT = 'The server goes on with the definition that it has.'

it('takes metrics and allowances while lines come, and counts each line once', async () => {
  expect(await send(10)).toBe(200)
  let isDone = false
  const statuses = new Set<number>()
  const sending = (async () => {
    while (!isDone) statuses.add(await send(1))
  })()
  await reload(define(`${WAITING}\n${SUMS}`), TAKEN).finally(() => {
    isDone = true
  })
  await sending
  expect([...statuses]).toEqual([200])
  expect(await send(10)).toBe(200)
  expect(await total('hits', 'n')).toBe(acked)
  const sum = await total('sums', 'ids')
  const { stdout } = await millrace(['--json', 'ledger'], { cwd })
  const streams: { ledger: { metric?: string; appended: number; counted: number } }[] = JSON.parse(stdout)
  const [hits, sums] = ['hits', 'sums'].map(
    (name) => streams.find(({ ledger }) => ledger.metric === name)!.ledger,
  )
  expect(hits).toMatchObject({ appended: acked, counted: acked })
  // The new one counts from an offset on, and an id is the offset of its line.
  expect(sums!.counted).toBeGreaterThanOrEqual(10)
  expect(sum).toBe((sums!.counted * (2 * acked - sums!.counted - 1)) / 2)
  // All windows are of now, and so not final yet.
  const verified = await millrace(['verify'], { cwd })
  expect(verified.stdout).toContain('Nothing was compared')
})

it('refuses a definition with problems, all of them told', async () => {
  const said = await reload(define('  hits: { source: wob, window: 1m, measures: { n: cuont() } }'), KEPT)
  expect(said).toContain('wob')
  expect(said).toContain('cuont')
  expect(await send(1)).toBe(200)
})

it('names what cannot change while it runs', async () => {
  const elsewhere = define(WAITING, 'listen: "127.0.0.1:28765"')
  expect(await reload(elsewhere, KEPT)).toContain('a running server cannot change serve.listen.')
  const replaced = `${define(WAITING)}archive: { mirror: ./copy }\n`
  expect(await reload(replaced, KEPT)).toContain('cannot change archive.')
  expect(await send(1)).toBe(200)
})

it('takes tokens and a renewed certificate, and refuses a certificate that is none', async () => {
  const token = 'a-token'
  const files = { cert: join(cwd, 'cert.pem'), key: join(cwd, 'key.pem') }
  const renew = (cert: string, key: string) => {
    writeFileSync(files.cert, cert)
    writeFileSync(files.key, key)
  }
  const guarded = `listen: "127.0.0.1:0", tokens: { web: ["sha256:${sha256(token)}"] }`
  await reload(define(WAITING, guarded), TAKEN)
  expect(await send(1)).toBe(401)
  expect(await send(1, { Authorization: `Bearer ${token}` })).toBe(200)
  renew(CERT, KEY)
  const secured = define(WAITING, `${guarded}, tls: { cert: cert.pem, key: key.pem }`)
  expect(await reload(secured, KEPT)).toContain('cannot change serve.tls')
  expect(await server.stop()).toBe(0)
  server = await Serving.start(cwd)
  expect(await certified()).toBe('millrace.test')
  renew(OTHER_CERT, OTHER_KEY)
  await reload(secured, TAKEN)
  expect(await certified()).toBe('other.test')
  renew('no certificate', OTHER_KEY)
  expect(await reload(secured, KEPT)).toContain(files.cert)
  expect(await certified()).toBe('other.test')
  expect(await server.stop()).toBe(0)
})

/** The name in the certificate that the server shows. */
function certified(): Promise<unknown> {
  const { port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
