/** Who may use an HDFS, by what way, and what is said when it does not serve: each with what to do. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FilesLog } from '../../src/engines/files/log.ts'
import { HdfsArchive, type HdfsArchiveOptions } from '../../src/engines/hdfs/archive.ts'
import { WebHdfs } from '../../src/engines/hdfs/web-hdfs.ts'
import { type Ended, makeFolder, millrace, type RunOptions } from '../cli/run-cli.ts'
import { inputOf, textsOf } from '../contract/archive-lines.ts'
import { OwnHdfs } from './own-hdfs.ts'

let hdfs: OwnHdfs
let folders = 0
beforeAll(async () => {
  hdfs = await OwnHdfs.start(Number(process.env.MILLRACE_OWN_PORT_BASE ?? 19_000))
})
afterAll(() => hdfs?.stop())

function open(options: Partial<HdfsArchiveOptions> = {}): HdfsArchive {
  const dataDir = join(hdfs.folder, `data${folders++}`)
  return new HdfsArchive({ address: hdfs.http, path: '/logs', user: hdfs.user, dataDir, ...options })
}

const web = () => WebHdfs.connect({ address: hdfs.http, user: hdfs.user })
const ingest = (archive: HdfsArchive, text = 'a line\n') => archive.ingest('web', [inputOf('a', text)])

async function expectRefused(archive: HdfsArchive, code: string, ...parts: string[]) {
  const refusal = await ingest(archive).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code })
  const { message } = refusal as Error
  for (const part of parts) expect(message).toContain(part)
  expect(message).not.toMatch(/\{\w+\}|\n|undefined/)
}

describe('an address', () => {
  it('where nothing listens', () =>
    expectRefused(
      open({ address: 'http://127.0.0.1:9' }),
      'ARCHIVE_UNREACHABLE',
      '127.0.0.1:9',
      'ECONNREFUSED',
    ))

  it('of a host that does not exist', () =>
    expectRefused(open({ address: 'http://namenode.invalid:9870' }), 'ARCHIVE_UNREACHABLE', 'ENOTFOUND'))

  it('where some other web server answers', async () => {
    for (const status of [200, 404]) {
      const server = createServer((_, response) => response.writeHead(status).end('<h1>It works!</h1>'))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      await expectRefused(open({ address: `http://127.0.0.1:${port}` }), 'ARCHIVE_UNREACHABLE', `${port}`)
      server.close()
      server.closeAllConnections()
    }
  })
})

describe('TLS', () => {
  it('with the authority named: all goes through it, DataNodes too', async () => {
    const archive = open({ address: hdfs.https, caFile: hdfs.caFile, path: '/tls' })
    await ingest(archive)
    expect(await textsOf(archive, 'web')).toEqual(['a line'])
    expect(await archive.health()).toMatchObject({ liveNodes: 1, isSafeMode: false })
  })

  it('without it: refused, and said so', async () => {
    await expectRefused(open({ address: hdfs.https }), 'ARCHIVE_TLS_FAILED', hdfs.https, '`ca`')
    const https = hdfs.http.replace('http:', 'https:')
    await expectRefused(open({ address: https, caFile: hdfs.caFile }), 'ARCHIVE_TLS_FAILED')
  })

  it('with a file that is not there', () => {
    const caFile = join(hdfs.folder, 'nowhere.pem')
    expect(() => open({ caFile })).toThrow(expect.objectContaining({ code: 'ARCHIVE_BAD_ADDRESS' }))
  })
})

describe('a user', () => {
  it('who may not write there', async () => {
    await expectRefused(open({ user: 'alice' }), 'ARCHIVE_NO_PERMISSION', 'alice', '/logs')
  })

  it('who may not read there', async () => {
    await ingest(open({ path: '/secret' }))
    await hdfs.ask('PUT', '/secret', 'op=SETPERMISSION&permission=700')
    await expect(open({ user: 'alice', path: '/secret' }).manifest('web')).rejects.toMatchObject({
      code: 'ARCHIVE_NO_PERMISSION',
    })
  })

  // Only Kerberos makes a NameNode look at tokens, so what is sent is held here, and what is answered.
  it('named by a delegation token, which is sent in place of a name', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      const refusal = { exception: 'InvalidToken', message: 'token (bob) is expired' }
      response.writeHead(403).end(JSON.stringify({ RemoteException: refusal }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const archive = open({ address: `http://127.0.0.1:${port}`, token: 'a/token=' })
    await expectRefused(archive, 'ARCHIVE_LOGIN_REFUSED', 'token (bob) is expired', 'the delegation token')
    expect(asked).toEqual(['/webhdfs/v1/logs/web/blocks?op=MKDIRS&delegation=a%2Ftoken%3D'])
    server.close()
    server.closeAllConnections()
  })
})

describe('a folder', () => {
  it('that is a file', async () => {
    await ingest(open({ path: '/taken' }))
    const path = '/taken/web/manifest.0000000000000001.json'
    await expectRefused(open({ path }), 'ARCHIVE_STORAGE_FAILED', 'not a directory')
  })

  it('whose quota of names or space is used up: nothing is added, and all is well when it is raised', async () => {
    const quotas = ['namespacequota=1', 'storagespacequota=1000000']
    for (const [index, quota] of quotas.entries()) {
      const path = `/quota${index}`
      await hdfs.ask('PUT', path, 'op=MKDIRS')
      await hdfs.ask('PUT', path, `op=SETQUOTA&${quota}`)
      await expectRefused(open({ path }), 'ARCHIVE_QUOTA_EXCEEDED', path, 'quota')
      expect(await open({ path }).manifest('web')).toBeUndefined()
      await hdfs.ask('PUT', path, `op=SETQUOTA&${quota.replace(/=.*/, '=-1')}`)
      await ingest(open({ path }))
      expect(await textsOf(open({ path }), 'web')).toEqual(['a line'])
    }
  })
})

describe('a manifest', () => {
  const copy = 'manifest-copy.0000000000000002.json'
  const name = 'manifest.0000000000000002.json'
  const fill = async (path: string) => {
    const archive = open({ path })
    await ingest(archive)
    await archive.acknowledge('web')
    await ingest(archive, 'another\n')
    return archive
  }

  it.each(['deleted', 'damaged'])('that is %s is read from its copy, told of, and put back', async (how) => {
    const archive = await fill(`/${how}`)
    const newest = `/${how}/web/${name}`
    if (how === 'deleted') await web().remove(newest)
    else await web().createText(newest, 'half a mani')
    expect((await archive.manifest('web'))?.nextOffset).toBe(2)
    const fault = how === 'deleted' ? 'missing' : 'damaged'
    expect((await archive.scrub('web')).findings).toMatchObject([{ fault, outcome: 'healed' }])
    expect((await archive.scrub('web')).findings).toEqual([])
    expect((await open({ path: `/${how}` }).manifest('web'))?.nextOffset).toBe(2)
  })

  it('that is damaged with its copy is not believed, and no older one is taken for it', async () => {
    const archive = await fill('/both')
    for (const file of [name, copy]) await web().createText(`/both/web/${file}`, 'half a mani')
    await expect(archive.manifest('web')).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT_MANIFEST' })
    await expectRefused(open({ path: '/both' }), 'ARCHIVE_CORRUPT_MANIFEST')
    expect(await archive.sources()).toEqual(['web'])
    expect((await archive.scrub('web')).findings).toMatchObject([{ block: 'manifest', outcome: 'lost' }])
  })
})

describe('a block', () => {
  it('of a manifest that was deleted with its copy stays, and nothing takes the offsets of its lines', async () => {
    const archive = open({ path: '/newer' })
    for (const text of ['a line\n', 'another\n']) {
      await ingest(archive, text)
      await archive.acknowledge('web')
    }
    const [name, copy] = ['manifest', 'manifest-copy'].map(
      (kind) => `/newer/web/${kind}.0000000000000002.json`,
    )
    const manifest = (await web().readText(name!))!
    for (const file of [name!, copy!]) await web().remove(file)
    await expectRefused(open({ path: '/newer' }), 'ARCHIVE_NEWER_BLOCKS', '/newer/web/blocks')
    await expect(archive.settle('web')).rejects.toMatchObject({ code: 'ARCHIVE_NEWER_BLOCKS' })
    await web().createText(name!, manifest)
    await ingest(archive, 'a third\n')
    expect(await textsOf(archive, 'web')).toEqual(['a line', 'another', 'a third'])
    expect(await archive.inspect('web')).toEqual([])
  })

  it('that is lost is told from those that are there, and its lines are taken for lost', async () => {
    const archive = open({ path: '/lost' })
    for (const text of ['a line\n', 'another\n', 'a third\n']) {
      await ingest(archive, text)
      await archive.acknowledge('web')
    }
    expect(await archive.lostBlocks('web')).toEqual([])
    const block = (await archive.manifest('web'))!.blocks[1]!
    await web().remove(`/lost/web/blocks/${block.name}`)
    expect(await archive.lostBlocks('web')).toEqual([{ block, away: [] }])
    const lost = [{ fromOffset: 1, endOffset: 2, acceptedMs: 1, acceptedBy: 'ann@host' }]
    await archive.replaceBlock('web', { block, lost, held: [] })
    expect(await archive.manifest('web')).toMatchObject({ nextOffset: 3, lost })
    expect(await textsOf(archive, 'web')).toEqual(['a line', 'a third'])
    expect(await open({ path: '/lost' }).inspect('web')).toEqual([])
  })
})

describe('safe mode', () => {
  /** Resolves once a batch of a log has said what it waits for. */
  async function batchThatWaits(): Promise<{ ended: Promise<Ended> }> {
    const cwd = makeFolder({
      'millrace.yaml': `sources: { web: { format: json, time: ts } }
metrics: { n: { source: web, window: 1m, measures: { n: count() } } }
archive: { hdfs: "${hdfs.http}", path: /batch, user: ${hdfs.user} }
`,
    })
    const log = await FilesLog.open({ dataDir: join(cwd, '.millrace'), firstOffset: async () => 0 })
    await log.append('web', { chunks: [Buffer.from('{"ts":"2026-01-05T00:00:00Z"}\n')], lines: 1 })
    await log.close()
    let said = ''
    const onStart: RunOptions['onStart'] = (child) => child.stderr!.on('data', (text) => (said += text))
    const ended = millrace(['batch'], { cwd, onStart })
    await expect.poll(() => said, { timeout: 30_000 }).toContain('safe mode')
    return { ended }
  }

  it('is waited for, and then said', async () => {
    const archive = open({ path: '/safe', patienceMs: 3000 })
    await ingest(archive)
    await archive.acknowledge('web')
    await hdfs.kill('datanode1')
    await hdfs.kill('namenode')
    await hdfs.launch('namenode')
    // It answers before it knows its state.
    await expect.poll(() => archive.health(), { timeout: 60_000 }).toMatchObject({ isSafeMode: true })
    await expectRefused(archive, 'ARCHIVE_SAFE_MODE', '3 seconds')
    const patient = open({ path: '/safe' })
    const ingested = ingest(patient, 'after\n')
    const batch = await batchThatWaits()
    await hdfs.launch('datanode1')
    await ingested
    expect(await textsOf(patient, 'web')).toEqual(['a line', 'after'])
    expect(await batch.ended).toMatchObject({ status: 0 })
  })
})

describe('blocks for engines', () => {
  it('are named by the address that the NameNode tells, or the one that is given', async () => {
    const archive = open({ path: '/odd path/#1' })
    await ingest(archive)
    const [block] = (await archive.manifest('web'))!.blocks
    expect(await archive.blockUri('web', block!)).toMatch(
      /^hdfs:\/\/(localhost|127\.0\.0\.1):\d+\/odd%20path\/%231\/web\/blocks\/0{16}-0{15}1\.parquet$/,
    )
    const named = open({ path: '/odd path/#1', rpc: 'hdfs://nameservice1' })
    expect(await named.blockUri('web', block!)).toMatch(/^hdfs:\/\/nameservice1\/odd%20path/)
    await expect(archive.blockUri('web', { ...block!, fileBytes: 1 })).rejects.toMatchObject({
      code: 'ARCHIVE_CORRUPT_BLOCK',
    })
    await expect(archive.blockUri('web', { ...block!, name: 'x' })).rejects.toMatchObject({
      code: 'ARCHIVE_CORRUPT_BLOCK',
    })
  })

  it('have a folder beside them to stage in', async () => {
    const archive = open({ path: '/shared' })
    const shared = await archive.shareFolder('web')
    const path = decodeURIComponent(new URL(shared.uri).pathname)
    for (const name of ['b', 'a', 'empty'])
      await web().createText(`${path}/totals/${name}`, name === 'empty' ? '' : `of ${name}`)
    const local = join(hdfs.folder, 'fetched')
    const fetched = await shared.fetch('totals', local)
    expect(fetched).toEqual(['a', 'b', 'empty'].map((name) => join(local, name)))
    expect(await Promise.all(fetched.map((one) => readFile(one, 'utf8')))).toEqual(['of a', 'of b', ''])
    const ofTheDead = join(dirname(path), '4194999-1-0-abcdef-web')
    await web().makeFolder(ofTheDead)
    const again = await archive.shareFolder('web')
    expect(await again.fetch('totals', local)).toEqual([])
    await again.remove()
    expect(await web().status(ofTheDead), 'of a process that is gone').toBeUndefined()
    expect(await web().status(path), 'of this process').toBeDefined()
    await shared.remove()
    expect(await web().status(path)).toBeUndefined()
    expect(await archive.sources()).toEqual([])
  })
})
