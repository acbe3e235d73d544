/** An archive that takes connections and does not answer any more keeps nobody waiting. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from './serving.ts'

let cwd: string
let nameNode: Server
let serving: Serving | undefined
let isHung: boolean
/** Resolves at the first question that is left without an answer. */
let hung: Promise<void>
beforeEach(async () => {
  isHung = false
  hung = new Promise((resolve) => {
    nameNode = createServer((_request, response) => {
      if (isHung) return resolve()
      const RemoteException = { exception: 'FileNotFoundException', message: 'File does not exist' }
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ RemoteException }))
    })
  })
  await new Promise<void>((resolve) => nameNode.listen(0, '127.0.0.1', resolve))
  const { port } = nameNode.address() as AddressInfo
  cwd = makeFolder({
    'millrace.yaml': `archive: { hdfs: 'http://127.0.0.1:${port}', path: /hung, user: me }
serve: { listen: 127.0.0.1:0 }
sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { id: integer } }
metrics:
  requests: { source: web, window: 1d, measures: { n: count() } }
`,
  })
})
afterEach(async () => {
  await serving?.stop('SIGKILL')
  nameNode.close().closeAllConnections()
})

it('answers a query, and ends a server that is told to stop, which says what stays in the log', async () => {
  serving = await Serving.start(cwd)
  await serving.send('web', `{"ts":${Date.now()},"id":1}\n`.repeat(2))
  const query = () => millrace(['query', 'requests', '--by', '', '--format', 'csv'], { cwd })
  const total = expect.stringMatching(/,2\n$/)
  await expect.poll(query, { timeout: 30_000 }).toMatchObject({ stdout: total })
  isHung = true
  await hung
  expect(await query()).toMatchObject({
    ...{ status: 0, stdout: total },
    stderr: expect.stringContaining('silent for 5 s'),
  })
  expect(await serving.stop()).toBe(0)
  expect(serving.said).toContain(
    'The archive does not answer, and is not waited for any longer. 2 lines of web that it has not stay in the log.',
  )
})
