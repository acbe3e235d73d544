/** A signal that comes at the very moment when the door opens is obeyed, since lines may be acked from then on. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { makeFolder } from '../cli/run-cli.ts'
import { Serving } from './serving.ts'

const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms } }
metrics:
  requests: { source: web, window: 1s, measures: { n: count() } }
serve: { listen: "127.0.0.1:0" }
`

/** Loaded before the program. */
const SIGNALS_ITSELF = `
import { Server } from 'node:http'
const listen = Server.prototype.listen
Server.prototype.listen = function (...args) {
  // What only looks whether the port is free answers nobody.
  if (this.listenerCount('request') > 0) this.once('listening', () => {
    process.kill(process.pid, 'SIGHUP')
    process.kill(process.pid, 'SIGTERM')
  })
  return listen.apply(this, args) // bounded: arguments of listen
}
`

it('reads the definition again, stops in order and exits with 0', async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  const preload = join(cwd, 'signals-itself.mjs')
  writeFileSync(preload, SIGNALS_ITSELF)
  const server = await Serving.start(cwd, { NODE_OPTIONS: `--import=${pathToFileURL(preload)}` })
  await expect.poll(() => server.isRunning, { timeout: 30_000, interval: 50 }).toBe(false)
  expect(await server.stop()).toBe(0)
  expect(server.said).toContain('The definition was read again')
})
