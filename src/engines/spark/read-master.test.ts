import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { readMaster } from './read-master.ts'

const closers: (() => unknown)[] = []
afterEach(() => Promise.all(closers.splice(0).map((close) => close())))

/** A page and, since it listens, a master's port too. `undefined` never answers. */
async function servePage(body: string | undefined, status = 200): Promise<number> {
  const server = createServer((_, response) => {
    if (body !== undefined) response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const worker = { cores: 4, coresfree: 1, memory: 2048, memoryfree: 512 }
const PAGE = {
  status: 'ALIVE',
  workers: [
    { ...worker, state: 'ALIVE' },
    { ...worker, state: 'ALIVE', coresfree: 4 },
    { ...worker, state: 'DEAD' },
  ],
  activeapps: [
    { name: 'millrace web', state: 'RUNNING', cores: 3, starttime: 1_700_000_000_000 },
    { name: 'millrace shop web', state: 'WAITING', cores: 0, starttime: 1_700_000_060_000 },
    { name: 'etl', state: 'RUNNING', cores: 1, starttime: 1 },
  ],
}

async function read(body: string | undefined, status?: number) {
  const port = await servePage(body, status)
  return readMaster(
    `spark://127.0.0.1:${port}`,
    `http://127.0.0.1:${port}/`,
    body === undefined ? 400 : 20_000,
  )
}

it('counts live workers, what they have free, and applications of ours apart from others', async () => {
  expect(await read(JSON.stringify(PAGE))).toEqual({
    workers: 2,
    cores: 8,
    freeCores: 5,
    memoryBytes: 4096 * 1024 ** 2,
    freeMemoryBytes: 1024 * 1024 ** 2,
    applications: [
      { name: 'millrace web', state: 'running', cores: 3, startedMs: 1_700_000_000_000 },
      { name: 'millrace shop web', state: 'waiting', cores: 0, startedMs: 1_700_000_060_000 },
    ],
    otherApplications: 1,
  })
})

it.each([
  ['<html>hello</html>', 200, /is no master's page/],
  ['[]', 200, /is no master's page/],
  ['null', 200, /is no master's page/],
  ['gone', 404, /answers with status 404/],
  [JSON.stringify({ ...PAGE, status: 'STANDBY', workers: [] }), 200, /a master there is STANDBY/],
  [undefined, 200, /did not answer within 0\.4 s/],
])('says why a page that answers %s cannot be read', async (body, status, why) => {
  await expect(read(body, status)).rejects.toMatchObject({
    code: 'BATCH_MASTER_SILENT',
    params: { why: expect.stringMatching(why) },
  })
})

it('tells a master that is away from one whose page is', async () => {
  const away = readMaster('spark://127.0.0.1:1', 'http://127.0.0.1:1', 400)
  await expect(away).rejects.toMatchObject({ code: 'BATCH_MASTER_UNREACHABLE' })
  const port = await servePage('')
  const silent = readMaster(`spark://127.0.0.1:${port}`, 'http://127.0.0.1:1', 400)
  await expect(silent).rejects.toMatchObject({ code: 'BATCH_MASTER_SILENT' })
})

it('gives no account of masters that are not standalone', async () => {
  for (const master of ['local[*]', 'yarn', 'k8s://https://host:6443'])
    expect(await readMaster(master)).toBeUndefined()
})
