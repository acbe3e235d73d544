/** A server that starts while another command holds a lock waits for it, and says for whom. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { acquireLock } from '../../src/archive/lock.ts'
import { waitForLock } from '../../src/cli/wait-for-lock.ts'
import { makeFolder } from '../cli/run-cli.ts'
import { Serving } from './serving.ts'

const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms } }
metrics:
  requests: { source: web, window: 1s, measures: { n: count() } }
serve: { listen: "127.0.0.1:0" }
`

it('until the batch has brought its lines into the archive', async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  const release = await acquireLock(join(cwd, '.millrace', 'log.lock'), 'batch')
  let released = false
  const server = await Serving.start(cwd, {}, (said) => {
    if (!said.includes(`Waiting for process ${process.pid}`)) return
    released = true
    void release()
  })
  expect(released).toBe(true)
  expect((await server.send('web', `{"ts":${Date.now()}}\n`)).status).toBe(200)
  expect(await server.stop()).toBe(0)
})

it('for so long and no longer, and not for what a server holds', async () => {
  const folder = join(makeFolder({}), 'held.lock')
  await acquireLock(folder, 'batch')
  let attempts = 0
  const attempt = () => {
    attempts++
    return acquireLock(folder, 'batch')
  }
  await expect(waitForLock(attempt, { longestMs: 300 })).rejects.toMatchObject({ code: 'DATA_LOCKED' })
  expect(attempts).toBeGreaterThan(1)
  attempts = 0
  const isVain = async () => true
  await expect(waitForLock(attempt, { isVain })).rejects.toMatchObject({ code: 'DATA_LOCKED' })
  expect(attempts).toBe(1)
})
