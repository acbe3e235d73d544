/** A server whose brokers do not answer says so before anybody has sent it a line. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from './serving.ts'

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1'
const AWAY = `The brokers ${NOWHERE} cannot be used for the log at the moment: the connection was refused.`
const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { id: integer } }
metrics:
  requests: { source: web, window: 1s, measures: { n: count() } }
log: { kafka: "${NOWHERE}" }
stream: { flink: "http://${NOWHERE}", rest: "http://${NOWHERE}" }
serve: { listen: "127.0.0.1:0" }
`

let cwd: string
let server: Serving
beforeEach(async () => {
  cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  server = await Serving.start(cwd)
})
afterEach(async () => {
  await server.stop('SIGKILL')
})

it('tells by its output, its readiness and its status, and stays healthy', async () => {
  const ready = () => fetch(`${server.url}/readyz`).then((answer) => answer.json())
  await expect.poll(ready, { timeout: 30_000 }).toMatchObject({
    error: { code: 'LOG_WAITS', message: expect.stringContaining(AWAY) },
  })
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  await expect.poll(() => server.said, { timeout: 30_000 }).toContain(AWAY)
  const { status, stdout } = await millrace(['status'], { cwd })
  expect(stdout).toContain(`LOG_WAITS: ${AWAY}`)
  expect(status).toBe(1)
  expect(await server.send('web', '{}\n')).toMatchObject({
    status: 503,
    body: { error: { code: 'LOG_BROKER_AWAY' } },
  })
  expect(await server.stop()).toBe(0)
})

it('a job that is to be deployed meanwhile hears of the brokers, not of a topic without lines', async () => {
  const { status, stderr } = await millrace(['stream', 'deploy'], { cwd })
  expect(status).toBe(1)
  expect(stderr).toContain(`The brokers ${NOWHERE} cannot be used for topic millrace.web.partials`)
})
