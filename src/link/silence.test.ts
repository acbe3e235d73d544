/** A server that does not answer is not waited for without end, and one that works for long is. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Link } from './link.ts'
import { offerLink } from './offer-link.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-link-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

/** As one that was stopped: the system takes the connection, and the question lies unread. */
async function stoppedServer(): Promise<{ close(): void }> {
  const sockets: Socket[] = []
  const server: Server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(join(dataDir, 'serve.sock'), resolve))
  return {
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

it('gives up a server that says nothing, and tells which process to look at', async () => {
  const server = await stoppedServer()
  const link = (await Link.open(dataDir, { patienceMs: 100, pid: 4711 }))!
  const asked = link.call('status', [])
  await expect(asked).rejects.toMatchObject({
    code: 'SERVE_SILENT',
    message: expect.stringContaining('kill -CONT 4711'),
  })
  // What waits behind it ends as well.
  await expect(link.call('status', [])).rejects.toMatchObject({ code: 'SERVE_GONE' })
  server.close()
})

it('ends at once when the command is to stop', async () => {
  const server = await stoppedServer()
  const stop = new AbortController()
  const link = (await Link.open(dataDir, { signal: stop.signal }))!
  const asked = link.call('status', [])
  stop.abort()
  await expect(asked).rejects.toMatchObject({ code: 'SERVE_GONE' })
  server.close()
})

it('waits for a server that works far longer than one may be silent', async () => {
  const work = async () => {
    await sleep(1500)
    return 'done'
  }
  const offered = await offerLink(dataDir, { work }, 20)
  const link = (await Link.open(dataDir, { patienceMs: 500 }))!
  expect(await link.call('work', [])).toBe('done')
  link.close()
  await offered.close()
})
