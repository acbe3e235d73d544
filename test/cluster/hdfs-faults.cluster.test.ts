/** DataNodes killed, emptied and damaged, a NameNode restarted, writers in each other's way: no line is lost. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { request as connect, createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HdfsArchive } from '../../src/engines/hdfs/archive.ts'
import { inputOf, textsOf } from '../contract/archive-lines.ts'
import { clusterAddress, killProcess, startProcess } from './cluster-addresses.ts'
import { findReplicas, linesOf, OwnArchive, struckInput } from './hdfs-archive.ts'

const { dataNodes, nameNode } = clusterAddress('hdfs')
const [victim] = dataNodes
const lines = linesOf('line', 40_000)

let own: OwnArchive
beforeEach(async () => {
  own = await OwnArchive.make()
})
afterEach(() => own.remove())

/** However the test ends the process runs afterwards, and the NameNode knows it. */
async function without(name: string, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } finally {
    await startProcess(name)
    await expect.poll(async () => (await own.open().health())?.liveNodes, { timeout: 60_000 }).toBe(3)
  }
}

async function fill(archive: HdfsArchive): Promise<void> {
  await archive.ingest('web', [inputOf('lines', lines.join('\n'))])
  await archive.acknowledge('web')
}

describe('a DataNode killed -9', () => {
  it('while blocks are written: the ingest goes through, and all is there', async () => {
    await without(victim!.name, async () => {
      const kill = () => killProcess(victim!.name)
      const { lines: kept } = await own.open().ingest('web', [struckInput('lines', lines, kill)])
      expect(kept).toBe(lines.length)
      expect(await textsOf(own.reopen(), 'web')).toEqual(lines)
    })
  })

  it('while blocks are read: all of them are read', async () => {
    await fill(own.open())
    await without(victim!.name, async () => {
      const archive = own.reopen()
      const { blocks } = (await archive.manifest('web'))!
      expect(blocks.length).toBeGreaterThan(10)
      for (const [index, block] of blocks.entries()) {
        if (index === 4) await killProcess(victim!.name)
        await archive.verifiedPath('web', block)
      }
      expect(await textsOf(archive, 'web')).toEqual(lines)
    })
  })

  it('and its folder deleted: nothing is missing, scrub says so, and replication is restored', async () => {
    await fill(own.open())
    await without(victim!.name, async () => {
      await killProcess(victim!.name)
      await rm(victim!.folder, { recursive: true })
      expect(await textsOf(own.reopen(), 'web')).toEqual(lines)
      await expect.poll(async () => (await own.open().health())?.deadNodes, { timeout: 60_000 }).toBe(1)
      const { findings } = await own.open().scrub('web')
      for (const finding of findings)
        expect(finding).toMatchObject({ copy: 'replica', fault: 'under-replicated', outcome: 'healing' })
      const left = async () => (await own.open().scrub('web')).findings
      await expect.poll(left, { timeout: 90_000, interval: 1000 }).toEqual([])
    })
  })
})

describe('a NameNode restarted', () => {
  it('in the middle of an ingest: the ingest waits for it', async () => {
    const restart = async () => {
      await killProcess(nameNode.name)
      void sleep(2000).then(() => startProcess(nameNode.name))
    }
    await own.open().ingest('web', [struckInput('lines', lines, restart)])
    expect(await textsOf(own.reopen(), 'web')).toEqual(lines)
  })

  it('that stays away: the ingest ends with the reason, and nothing was added', async () => {
    await fill(own.open())
    const more = linesOf('more', lines.length)
    await without(nameNode.name, async () => {
      const archive = own.open({ patienceMs: 3000 })
      const kill = () => killProcess(nameNode.name)
      await expect(archive.ingest('web', [struckInput('more', more, kill)])).rejects.toMatchObject({
        code: 'ARCHIVE_UNREACHABLE',
        message: expect.stringContaining('ECONNREFUSED'),
      })
    })
    expect(await textsOf(own.reopen(), 'web')).toEqual(lines)
    expect(await own.open().ingest('web', [inputOf('more', more.join('\n'))])).toMatchObject({
      repeated: false,
    })
    expect((await own.open().manifest('web'))?.nextOffset).toBe(2 * lines.length)
  })
})

describe('an answer to the commit that is lost', () => {
  /** Passes requests on to the NameNode, but the first answer to the commit goes to nobody; `then` is called. */
  async function loseCommit(then: (proxy: Server) => void) {
    let isLost = false
    const proxy = createServer((request, response) => {
      const ahead = connect(new URL(clusterAddress('hdfs').http + request.url), { method: request.method })
      ahead.end().once('response', (answer) => {
        if (!isLost && /op=RENAME.*manifest.0{15}1/.test(request.url ?? '')) {
          isLost = true
          answer.resume().once('end', () => {
            request.socket.destroy()
            then(proxy)
          })
        } else answer.pipe(response.writeHead(answer.statusCode!, answer.headers))
      })
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as { port: number }
    return { proxy, address: `http://127.0.0.1:${port}`, wasLost: () => isLost }
  }

  it('is found to have been a success', async () => {
    const { proxy, address, wasLost } = await loseCommit(() => {})
    const result = await own.open({ address }).ingest('web', [inputOf('lines', lines.join('\n'))])
    expect([wasLost(), result.lines, result.repeated]).toEqual([true, lines.length, false])
    expect(await textsOf(own.reopen(), 'web')).toEqual(lines)
    proxy.closeAllConnections()
    proxy.close()
  })

  it('for good leaves the command unsure, says so, and the same again adds nothing', async () => {
    const { address, wasLost } = await loseCommit((proxy) => {
      proxy.close()
      proxy.closeAllConnections()
    })
    const archive = own.open({ address, patienceMs: 2000 })
    const input = inputOf('lines', lines.join('\n'))
    await expect(archive.ingest('web', [input])).rejects.toMatchObject({ code: 'ARCHIVE_UNSURE' })
    expect(wasLost()).toBe(true)
    expect(await own.open().ingest('web', [input])).toMatchObject({ lines: lines.length, repeated: true })
    expect(await textsOf(own.reopen(), 'web')).toEqual(lines)
  })
})

describe('a damaged replica', () => {
  async function damage(count: number) {
    await fill(own.open())
    const archive = own.reopen()
    const block = (await archive.manifest('web'))!.blocks[2]!
    const path = await archive.verifiedPath('web', block)
    const bytes = await readFile(path)
    await rm(path)
    const replicas = (await Promise.all(dataNodes.map(({ folder }) => findReplicas(folder, bytes)))).flat()
    expect(replicas).toHaveLength(2)
    const damaged = Buffer.from(bytes)
    damaged[damaged.length >> 1]! ^= 1
    for (const replica of replicas.slice(0, count)) await writeFile(replica, damaged)
    return { archive, block, bytes, replicas }
  }

  it('is passed over for a good one', async () => {
    const { archive, block, bytes } = await damage(1)
    expect(await readFile(await archive.verifiedPath('web', block))).toEqual(bytes)
    expect(await textsOf(archive, 'web')).toEqual(lines)
  })

  it('of which there is no good one left is named', async () => {
    const { archive, block } = await damage(2)
    await expect(archive.verifiedPath('web', block)).rejects.toMatchObject({
      code: 'ARCHIVE_CORRUPT_BLOCK',
      message: expect.stringContaining(block.name),
    })
    const { findings } = await archive.scrub('web')
    expect(findings).toEqual([{ block: block.name, copy: 'primary', fault: 'damaged', outcome: 'lost' }])
  })
})

describe('two writers on two machines', () => {
  const dataDirs = () => ['one', 'two'].map((name) => join(own.folder, name))

  it('come one after the other', async () => {
    const [one, two] = dataDirs()
    const intrude = async () => {
      const second = own.open({ dataDir: two! }).ingest('web', [inputOf('b', 'b')])
      await expect(second).rejects.toMatchObject({ code: 'ARCHIVE_LOCKED', params: { pid: process.pid } })
    }
    await own.open({ dataDir: one! }).ingest('web', [struckInput('a', lines, intrude)])
    await own.open({ dataDir: two! }).ingest('web', [inputOf('b', 'b')])
    expect(await textsOf(own.reopen(), 'web')).toEqual([...lines, 'b'])
  })

  it('never both commit, though one believes in a lease that is gone', async () => {
    const [one, two] = dataDirs()
    const steal = async () => {
      await own.hdfs.remove(`${own.path}/web/lease.json`)
      await own.open({ dataDir: two! }).ingest('web', [inputOf('b', 'b')])
    }
    const first = own.open({ dataDir: one! }).ingest('web', [struckInput('a', lines, steal)])
    await expect(first).rejects.toMatchObject({ code: 'ARCHIVE_OVERTAKEN' })
    expect(await textsOf(own.reopen(), 'web')).toEqual(['b'])
    expect((await own.open().scrub('web')).findings).toEqual([])
    await own.open({ dataDir: one! }).ingest('web', [inputOf('a', lines.join('\n'))])
    expect(await textsOf(own.reopen(), 'web')).toEqual(['b', ...lines])
  })

  it('take over a lease that nobody touches, but not one that is touched', async () => {
    const [one, two] = dataDirs()
    await own.open({ dataDir: one! }).ingest('web', [inputOf('a', 'a')])
    const lease = { owner: 'elsewhere', token: 'x', host: 'elsewhere', pid: 1, since: 'long ago' }
    await own.hdfs.createText(`${own.path}/web/lease.json`, JSON.stringify(lease))
    const open = () => own.open({ dataDir: two!, leaseMs: 4000 })
    await expect(open().ingest('web', [inputOf('b', 'b')])).rejects.toMatchObject({
      code: 'ARCHIVE_LOCKED',
      params: { pid: '1 on elsewhere' },
    })
    await sleep(5500)
    await open().ingest('web', [inputOf('b', 'b')])
    expect(await textsOf(own.reopen(), 'web')).toEqual(['a', 'b'])
  })
})
