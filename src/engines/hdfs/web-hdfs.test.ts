/** A DataNode that fails is not asked again as long as there are others: by a server that answers as a NameNode does. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebHdfs } from './web-hdfs.ts'

const CONTENT = Buffer.from('what was written')

let servers: Server[]
let nodes: number[]
/** Their transfer addresses. */
let transfer: string[]
let hdfs: WebHdfs
/** By operation, the DataNodes that were excluded, try by try. */
let excluded: string[]
/** What each DataNode was asked, and how the first one answers. */
let asked: string[]
let failing: (response: ServerResponse) => void
beforeEach(async () => {
  ;[servers, excluded, asked] = [[], [], []]
  transfer = ['10.0.0.1:9866', '10.0.0.1:9867']
  nodes = [await listen(dataNode(0)), await listen(dataNode(1))]
  const port = await listen(nameNode)
  hdfs = WebHdfs.connect({ address: `http://127.0.0.1:${port}`, user: 'me', patienceMs: 2000 })
})
afterEach(() => {
  for (const server of servers) server.close().closeAllConnections()
})

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<number> {
  const server = createServer((request, response) => void answer(request, response))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Always names the first DataNode that is not excluded, as one does for a client that is close to it. */
function nameNode({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  if (pathname === '/jmx') {
    const live = Object.fromEntries(
      nodes.map((port, place) => [
        `host${place}:${place}`,
        { infoAddr: `127.0.0.1:${port}`, xferaddr: transfer[place] },
      ]),
    )
    answerJson(response, 200, { beans: [{ LiveNodes: JSON.stringify(live), DeadNodes: '{}' }] })
    return
  }
  const out = searchParams.get('excludedatanodes') ?? ''
  excluded.push(out)
  const place = transfer.findIndex((name) => !out.split(',').includes(name))
  const location = { Location: `http://127.0.0.1:${nodes[place]}${url}` }
  const message = 'Failed to find datanode, suggest to check cluster health.'
  if (place >= 0) answerJson(response, 200, location)
  else answerJson(response, 403, { RemoteException: { exception: 'IOException', message } })
}

function dataNode(place: number) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(`${request.method} ${place}`)
    const body = await text(request)
    if (place === 0) return failing(response)
    if (request.method === 'PUT') expect(body).toBe(CONTENT.toString())
    response.writeHead(request.method === 'PUT' ? 201 : 200).end(request.method === 'PUT' ? '' : CONTENT)
  }
}

const bytesOf = async (chunks: AsyncIterable<Uint8Array>) => {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

it.each([
  ['answers that it cannot', (response: ServerResponse) => answerJson(response, 500, {})],
  ['breaks the connection off', (response: ServerResponse) => response.destroy()],
])('writes to another one when the first %s', async (_, act) => {
  failing = act
  await hdfs.createText('/a', CONTENT.toString())
  expect(asked).toEqual(['PUT 0', 'PUT 1'])
  expect(excluded).toEqual(['', transfer[0]])
})

it('reads from another one when the first gives fewer bytes than the file has', async () => {
  failing = (response) => response.writeHead(200).end(CONTENT.subarray(0, 5))
  const range = { offset: 0, length: CONTENT.length }
  expect(await hdfs.read('/a', range, bytesOf)).toEqual(CONTENT)
  expect(asked).toEqual(['GET 0', 'GET 1'])
  expect(excluded).toEqual(['', transfer[0]])
})

it('asks the first one again once there is no other', async () => {
  nodes = [nodes[0]!]
  transfer = [transfer[0]!]
  let failures = 0
  failing = (response) => (failures++ === 0 ? response.destroy() : void response.writeHead(201).end())
  await hdfs.createText('/a', CONTENT.toString())
  expect(asked).toEqual(['PUT 0', 'PUT 0'])
  expect(excluded).toEqual(['', '10.0.0.1:9866', ''])
})

it('waits no longer for a NameNode that says nothing than it has patience', async () => {
  const silent = await listen(() => undefined)
  const hasty = WebHdfs.connect({ address: `http://127.0.0.1:${silent}`, user: 'me', patienceMs: 100 })
  await expect(hasty.list('/')).rejects.toMatchObject({
    code: 'ARCHIVE_UNREACHABLE',
    message: expect.stringContaining('silent for 0.1 s'),
  })
})

it.each(['before', 'after'])('ends at once by a signal that comes %s the question', async (when) => {
  const stop = new AbortController()
  let hear = () => {}
  const isAsked = new Promise<void>((resolve) => {
    hear = resolve
  })
  const silent = await listen(() => hear())
  const asked = WebHdfs.connect({ address: `http://127.0.0.1:${silent}`, user: 'me', signal: stop.signal })
  if (when === 'before') stop.abort()
  const answer = asked.under(new AbortController().signal).list('/')
  const ended = expect(answer).rejects.toMatchObject({ name: 'AbortError' })
  if (when === 'after') await isAsked
  stop.abort()
  await ended
})
