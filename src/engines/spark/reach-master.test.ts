import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { addressesOf, reachMaster } from './reach-master.ts'

async function withListener(act: (port: number) => Promise<void>): Promise<void> {
  const server = createServer()
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
  try {
    await act(port)
  } finally {
    server.close()
  }
}

it('splits the addresses of several masters', () => {
  expect(addressesOf('spark://a:7077,[::1]:7078')).toEqual([
    { host: 'a', port: 7077 },
    { host: '::1', port: 7078 },
  ])
  expect(addressesOf('local[2]')).toEqual([])
  expect(addressesOf('yarn')).toEqual([])
})

it('needs one master of several', () =>
  withListener(async (port) => {
    await reachMaster(`spark://127.0.0.1:${port}`)
    await reachMaster(`spark://127.0.0.1:1,127.0.0.1:${port}`)
    await reachMaster('local[*]')
  }))

it.each([
  ['spark://127.0.0.1:1', 'nothing listens on port 1 of 127.0.0.1'],
  ['spark://no-such-host.invalid:7077', 'there is no host no-such-host.invalid'],
  ['spark://127.0.0.1', 'it has to be written as spark://host:port'],
  ['spark://h:99999', 'it has to be written as spark://host:port'],
])('says why %s cannot be reached', async (master, why) => {
  await expect(reachMaster(master)).rejects.toMatchObject({
    code: 'BATCH_MASTER_UNREACHABLE',
    params: { why },
  })
})
