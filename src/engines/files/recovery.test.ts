/** Damage and loss: what can be healed is healed, what is lost is said, and nothing is made up. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inputOf, textsOf } from '../../../test/contract/archive-lines.ts'
import { batchOf } from '../../../test/contract/log.contract.ts'
import { realDisk } from '../../archive/disk.ts'
import { openLog } from '../registry.ts'
import { FilesArchive } from './archive.ts'

let folder: string
let data: string
let mirror: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-recovery-'))
  data = join(folder, 'data')
  mirror = join(folder, 'mirror')
})
afterEach(() => rm(folder, { recursive: true }))

const limits = { pieceBytes: 64, blockBytes: 256 }
const lines = Array.from({ length: 60 }, (_, index) => `line number ${index}`)
const open = (options: { mirror?: string } = { mirror }) =>
  new FilesArchive({ dataDir: data, limits, ...options })
const primaryFile = (...parts: string[]) => join(data, 'archive', 'web', ...parts)
const mirrorFile = (...parts: string[]) => join(mirror, 'web', ...parts)

async function fill(archive = open()) {
  await archive.ingest('web', [inputOf('a', lines.slice(0, 30).join('\n'))])
  await archive.acknowledge('web')
  await archive.ingest('web', [inputOf('b', lines.slice(30).join('\n'))])
  await archive.acknowledge('web')
  return (await archive.manifest('web'))!
}

async function flipByte(path: string) {
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
}

const code = (code: string) => ({ code })

describe('blocks', () => {
  it('are the same files on both disks', async () => {
    const { blocks } = await fill()
    expect(blocks.length).toBeGreaterThan(3)
    for (const { name } of blocks) {
      expect(await readFile(mirrorFile('blocks', name))).toEqual(await readFile(primaryFile('blocks', name)))
    }
    expect(await readFile(mirrorFile('manifest.json'))).toEqual(await readFile(primaryFile('manifest.json')))
  })

  it('heal from the other copy: flipped, cut short, missing, on either side', async () => {
    const { blocks } = await fill()
    await flipByte(primaryFile('blocks', blocks[0]!.name))
    await truncate(primaryFile('blocks', blocks[1]!.name), 10)
    await rm(mirrorFile('blocks', blocks[2]!.name))
    await flipByte(mirrorFile('blocks', blocks[3]!.name))
    const { findings } = await open().scrub('web')
    expect(findings).toEqual([
      { block: blocks[0]!.name, copy: 'primary', fault: 'damaged', outcome: 'healed' },
      { block: blocks[1]!.name, copy: 'primary', fault: 'damaged', outcome: 'healed' },
      { block: blocks[2]!.name, copy: 'mirror', fault: 'missing', outcome: 'healed' },
      { block: blocks[3]!.name, copy: 'mirror', fault: 'damaged', outcome: 'healed' },
    ])
    expect((await open().scrub('web')).findings).toEqual([])
    expect(await textsOf(open(), 'web')).toEqual(lines)
  })

  it('are reported lost when both copies are bad, or when there is no mirror', async () => {
    const { blocks } = await fill()
    const name = blocks[1]!.name
    await rm(primaryFile('blocks', name))
    await flipByte(mirrorFile('blocks', name))
    expect((await open().scrub('web')).findings).toEqual([
      { block: name, copy: 'primary', fault: 'missing', outcome: 'lost' },
      { block: name, copy: 'mirror', fault: 'damaged', outcome: 'lost' },
    ])
    expect((await open({}).scrub('web')).findings).toHaveLength(1)
    await expect(open().verifiedPath('web', blocks[1]!)).rejects.toMatchObject(code('ARCHIVE_CORRUPT_BLOCK'))
  })

  it('are verified before use, again after they changed, and healed on the way', async () => {
    const archive = open()
    const { blocks } = await fill(archive)
    const path = await archive.verifiedPath('web', blocks[0]!)
    await flipByte(path)
    expect(await archive.verifiedPath('web', blocks[0]!)).toBe(path)
    expect(await readFile(path)).toEqual(await readFile(mirrorFile('blocks', blocks[0]!.name)))
    await flipByte(path)
    await expect(open({}).verifiedPath('web', blocks[0]!)).rejects.toMatchObject({
      ...code('ARCHIVE_CORRUPT_BLOCK'),
      message: expect.stringContaining('there is no mirror'),
    })
  })

  it('come back when the whole block folder is lost, and when the whole data folder is', async () => {
    await fill()
    await rm(primaryFile('blocks'), { recursive: true })
    const { findings, blocks } = await open().scrub('web')
    expect(findings).toHaveLength(blocks)
    expect(findings.every(({ outcome }) => outcome === 'healed')).toBe(true)
    expect(await textsOf(open({}), 'web')).toEqual(lines)
    await rm(data, { recursive: true })
    expect(await open().sources()).toEqual(['web'])
    expect(await textsOf(open(), 'web')).toEqual(lines)
    await open().ingest('web', [inputOf('c', 'more')])
    expect(await textsOf(open({}), 'web')).toEqual([...lines, 'more'])
  })

  it('are copied to a mirror that is named later', async () => {
    await fill(open({}))
    await open().ingest('web', [inputOf('c', 'more')])
    await rm(data, { recursive: true })
    expect(await textsOf(open(), 'web')).toEqual([...lines, 'more'])
  })
})

describe('manifests', () => {
  it.each(['flipped', 'empty', 'missing'])('heal from the copy beside them when %s', async (how) => {
    const before = await fill(open({}))
    const path = primaryFile('manifest.json')
    if (how === 'flipped') await flipByte(path)
    else if (how === 'empty') await truncate(path)
    else await rm(path)
    expect(await open({}).manifest('web')).toEqual(before)
    const { findings } = await open({}).scrub('web')
    const fault = how === 'missing' ? 'missing' : 'damaged'
    expect(findings).toEqual([{ block: 'manifest.json', copy: 'primary', fault, outcome: 'healed' }])
    expect((await open({}).scrub('web')).findings).toEqual([])
    expect(await textsOf(open({}), 'web')).toEqual(lines)
  })

  it('heal from the mirror when both own copies are bad, and the mirror from them', async () => {
    const before = await fill()
    await flipByte(primaryFile('manifest.json'))
    await rm(primaryFile('manifest.copy.json'))
    expect(await open().manifest('web')).toEqual(before)
    expect((await open().scrub('web')).findings).toHaveLength(2)
    await flipByte(mirrorFile('manifest.json'))
    expect((await open().scrub('web')).findings).toEqual([
      { block: 'manifest.json', copy: 'mirror', fault: 'damaged', outcome: 'healed' },
    ])
  })

  it('never start anew over lines whose list is lost', async () => {
    await fill(open({}))
    await rm(primaryFile('manifest.json'))
    await rm(primaryFile('manifest.copy.json'))
    const archive = open({})
    const refused = code('ARCHIVE_CORRUPT_MANIFEST')
    await expect(archive.manifest('web')).rejects.toMatchObject(refused)
    await expect(archive.ingest('web', [inputOf('c', 'c')])).rejects.toMatchObject(refused)
    expect(await archive.sources()).toEqual(['web'])
    expect((await archive.scrub('web')).findings).toMatchObject([{ outcome: 'lost' }])
    expect((await readdir(primaryFile('blocks'))).length).toBeGreaterThan(3)
  })

  it('go forward to the mirror when the data folder was put back to an older state', async () => {
    const archive = open()
    await archive.ingest('web', [inputOf('a', 'a')])
    await archive.acknowledge('web')
    await cp(data, join(folder, 'backup'), { recursive: true })
    await archive.ingest('web', [inputOf('b', 'b')])
    await archive.acknowledge('web')
    await rm(data, { recursive: true })
    await cp(join(folder, 'backup'), data, { recursive: true })
    await open().ingest('web', [inputOf('c', 'c')])
    expect(await textsOf(open(), 'web')).toEqual(['a', 'b', 'c'])
  })

  it('do not follow the mirror of an ingest that failed before its commit', async () => {
    const archive = open()
    await archive.ingest('web', [inputOf('a', 'a')])
    await archive.acknowledge('web')
    const isCommit = (to: string) => to === primaryFile('manifest.json')
    const rename = async (from: string, to: string) => {
      if (isCommit(to)) throw new Error('the drive failed')
      return realDisk.rename(from, to)
    }
    const failing = new FilesArchive({ dataDir: data, mirror, limits, disk: { ...realDisk, rename } })
    await expect(failing.ingest('web', [inputOf('b', 'b')])).rejects.toThrow('the drive failed')
    expect(await readFile(mirrorFile('manifest.json'))).not.toEqual(
      await readFile(primaryFile('manifest.json')),
    )
    await open().ingest('web', [inputOf('c', 'c')])
    expect(await textsOf(open(), 'web')).toEqual(['a', 'c'])
  })

  const asBatches = async function* (first: number, ...texts: string[]) {
    for (const [index, text] of texts.entries())
      yield {
        ...{ firstOffset: first + index, endOffset: first + index + 1 },
        observedMs: 1,
        bytes: Buffer.from(`${text}\n`),
      }
  }
  const backUp = () => cp(data, join(folder, 'backup'), { recursive: true })
  const putBack = async () => {
    await rm(data, { recursive: true })
    await cp(join(folder, 'backup'), data, { recursive: true })
  }

  it('are ahead in the mirror of a folder that was put back, and a log begins behind that', async () => {
    await open().append('web', asBatches(0, 'a'))
    await backUp()
    await open().append('web', asBatches(1, 'b', 'c'))
    await putBack()
    expect((await open().settle('web'))?.nextOffset).toBe(3)
    await open().append('web', asBatches(3, 'd'))
    expect(await textsOf(open(), 'web')).toEqual(['a', 'b', 'c', 'd'])
  })

  it('do not take what only the mirror has for lines of a log that gave out their offsets', async () => {
    const [one, other] = [open(), open()]
    await one.append('web', asBatches(0, 'a'))
    await backUp()
    await other.append('web', asBatches(1, 'b', 'c'))
    await putBack()
    await expect(one.append('web', asBatches(1, 'x', 'y', 'z'))).rejects.toMatchObject(
      code('ARCHIVE_MIRROR_PARTED'),
    )
    expect(await textsOf(open(), 'web')).toEqual(['a', 'b', 'c'])
  })

  it('are not written over each other when each was added to without the other', async () => {
    await open().append('web', asBatches(0, 'a'))
    await backUp()
    await open().append('web', asBatches(1, 'b', 'c'))
    await putBack()
    await open({}).append('web', asBatches(1, 'x'))
    const parted = { ...code('ARCHIVE_MIRROR_PARTED'), message: expect.stringContaining('offset 1') }
    await expect(open().settle('web')).rejects.toMatchObject(parted)
    await expect(open().ingest('web', [inputOf('d', 'd')])).rejects.toMatchObject(parted)
    await expect(open().append('web', asBatches(2, 'y', 'z'))).rejects.toMatchObject(parted)
    expect(await textsOf(open({}), 'web')).toEqual(['a', 'x'])
  })

  it('wait for a mirror whose drive is not mounted, until it is written again', async () => {
    await open().append('web', asBatches(0, 'a'))
    await rm(mirror, { recursive: true })
    await mkdir(mirror)
    const away = code('ARCHIVE_MIRROR_AWAY')
    await expect(open().settle('web')).rejects.toMatchObject(away)
    await expect(open().append('web', asBatches(1, 'b'))).rejects.toMatchObject(away)
    expect((await open().scrub('web')).findings).not.toEqual([])
    await open().append('web', asBatches(1, 'b'))
    await rm(data, { recursive: true })
    expect(await textsOf(open(), 'web')).toEqual(['a', 'b'])
  })

  it('take the mirror of another data folder over by a scrub alone', async () => {
    await open().append('web', asBatches(0, 'a'))
    const other = new FilesArchive({ dataDir: join(folder, 'other'), limits, mirror })
    const owned = { ...code('ARCHIVE_MIRROR_OWNED'), message: expect.stringContaining(data) }
    await expect(other.settle('web')).rejects.toMatchObject(owned)
    await expect(other.ingest('web', [inputOf('x', 'x')])).rejects.toMatchObject(owned)
    await other.scrub('web')
    await other.append('web', asBatches(1, 'b'))
    expect(await textsOf(other, 'web')).toEqual(['a', 'b'])
  })

  it('refuse a mirror that belongs to another data folder', async () => {
    await fill()
    const other = new FilesArchive({ dataDir: join(folder, 'other'), limits })
    await other.ingest('web', [inputOf('x', 'x')])
    const mirrored = new FilesArchive({ dataDir: join(folder, 'other'), limits, mirror })
    await expect(mirrored.ingest('web', [inputOf('y', 'y')])).rejects.toMatchObject(
      code('ARCHIVE_FOREIGN_MIRROR'),
    )
    expect(await textsOf(open(), 'web')).toEqual(lines)
  })
})

describe('leftovers', () => {
  it('of a crash are removed, and the rest is kept', async () => {
    const { blocks } = await fill()
    const stray = '0000000000000060-0000000000000061.parquet'
    for (const path of [
      primaryFile('blocks', `${stray}.staged`),
      primaryFile('blocks', stray),
      mirrorFile('blocks', '60.tmp'),
    ])
      await writeFile(path, '')
    await writeFile(primaryFile('manifest.json.tmp'), 'half')
    await open().ingest('web', [inputOf('empty')])
    const names = blocks.map(({ name }) => name)
    expect(await readdir(primaryFile('blocks'))).toEqual(names)
    expect(await readdir(mirrorFile('blocks'))).toEqual(names)
    expect(await readdir(primaryFile())).not.toContain('manifest.json.tmp')
  })

  it('of no crash of ours are kept, and nothing takes their offsets', async () => {
    const archive = open({})
    await archive.ingest('web', [inputOf('a', lines.slice(0, 30).join('\n'))])
    await archive.acknowledge('web')
    const files = ['manifest.json', 'manifest.copy.json'].map((name) => primaryFile(name))
    for (const file of files) await cp(file, `${file}.old`)
    await archive.ingest('web', [inputOf('b', lines.slice(30).join('\n'))])
    await archive.acknowledge('web')
    const names = await readdir(primaryFile('blocks'))
    for (const file of files) await cp(file, `${file}.new`)
    for (const file of files) await cp(`${file}.old`, file)
    await expect(open({}).ingest('web', [inputOf('c', 'other')])).rejects.toMatchObject(
      code('ARCHIVE_NEWER_BLOCKS'),
    )
    // A server starts for the sake of other sources, and gives these offsets to no line.
    const log = await openLog({ dataDir: data }, open({}), {})
    const appended = await log.append('web', batchOf('other\n')).finally(() => log.close())
    expect(appended).toMatchObject({ firstOffset: lines.length })
    await rm(join(data, 'log'), { recursive: true })
    expect((await open({}).scrub('web')).findings).toContainEqual(
      expect.objectContaining({ fault: 'unnamed', outcome: 'left' }),
    )
    expect(await readdir(primaryFile('blocks'))).toEqual(names)
    for (const file of files) await cp(`${file}.new`, file)
    await open({}).ingest('web', [inputOf('c', 'other')])
    expect(await textsOf(open({}), 'web')).toEqual([...lines, 'other'])
  })

  it('of a failed ingest do not take up space', async () => {
    const broken = {
      name: 'broken',
      async *open() {
        for (let turn = 0; turn < 100; turn++) yield Buffer.from('some line\n'.repeat(10))
        throw new Error('broke')
      },
    }
    await expect(open().ingest('web', [broken])).rejects.toThrow('broke')
    expect(await readdir(primaryFile('blocks'))).toEqual([])
    expect(await readdir(mirrorFile('blocks'))).toEqual([])
  })
})

it('refuses a mirror in the data folder, which is no second copy', () => {
  for (const inside of [data, join(data, 'archive'), join(data, 'mirror'), join(data, 'x/../archive')])
    expect(() => open({ mirror: inside })).toThrow(expect.objectContaining(code('ARCHIVE_MIRROR_INSIDE')))
  expect(() => open({ mirror: `${data}-mirror` })).not.toThrow()
  // By a link, before anything is there as well.
  mkdirSync(data, { recursive: true })
  symlinkSync(data, `${data}-link`)
  for (const inside of [`${data}-link`, `${data}-link/mirror/x`])
    expect(() => open({ mirror: inside })).toThrow(expect.objectContaining(code('ARCHIVE_MIRROR_INSIDE')))
})

describe('an unwritable place', () => {
  it('is named, with the reason', async () => {
    await writeFile(data, 'a file')
    await expect(open().ingest('web', [inputOf('a', 'a')])).rejects.toMatchObject({
      ...code('ARCHIVE_UNWRITABLE'),
      message: expect.stringContaining(data),
    })
  })

  it('is the mirror too: then nothing is added', async () => {
    await writeFile(mirror, 'a file')
    await expect(open().ingest('web', [inputOf('a', 'a')])).rejects.toMatchObject(code('ARCHIVE_UNWRITABLE'))
    expect(await open({}).manifest('web')).toBeUndefined()
  })
})
