/** Real files of every bad kind, into a real archive. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { textsOf } from '../../test/contract/archive-lines.ts'
import type { Source } from '../core/definition.ts'
import { FilesArchive } from '../engines/files/archive.ts'
import { checkContent } from '../ingest/check-content.ts'
import { ingestFiles } from './ingest-files.ts'

let folder: string
let archive: FilesArchive
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-ingest-'))
  archive = new FilesArchive({ dataDir: join(folder, 'data') })
})
afterEach(() => rm(folder, { recursive: true }))

/** Last changed an hour ago. */
async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  await utimes(path, Date.now() / 1000, Date.now() / 1000 - 3600)
  return path
}

/** Refused with this code, and with nothing added though a good file stands before the bad one. */
async function expectRefused(path: string, code: string, ...parts: string[]) {
  const good = await file('good.log', 'good\n')
  const refusal = await ingestFiles(archive, 'web', [good, path]).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code, exitCode: 1 })
  const { message } = refusal as Error
  for (const part of [path, ...parts]) expect(message).toContain(part)
  expect(message).not.toMatch(/\{\w+\}/)
  expect(await archive.manifest('web')).toBeUndefined()
}

const manyLines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${index * 7919}`)
const packed = gzipSync(`${manyLines.join('\n')}\n`)

describe('files that are taken', () => {
  it('plain, gzip, and gzip of several members, as one ingest', async () => {
    const paths = [
      await file('a.log', 'a1\na2'),
      await file('b.gz', packed),
      await file('c', Buffer.concat([gzipSync('c1\nc'), gzipSync(''), gzipSync('2\n')])),
    ]
    expect(await ingestFiles(archive, 'web', paths)).toMatchObject({ lines: 20_004, repeated: false })
    expect(await textsOf(archive, 'web')).toEqual(['a1', 'a2', ...manyLines, 'c1', 'c2'])
  })

  it('but for a last line that may go on', async () => {
    const growing = join(folder, 'growing.log')
    await writeFile(growing, 'a1\na2')
    const packedOne = join(folder, 'new.gz')
    await writeFile(packedOne, gzipSync('b1\nb2'))
    expect(await ingestFiles(archive, 'web', [growing, packedOne])).toMatchObject({
      lines: 3,
      left: [{ input: growing, bytes: 2 }],
    })
    expect(await textsOf(archive, 'web')).toEqual(['a1', 'b1', 'b2'])
  })

  it('that have grown, plain or packed, from where they were', async () => {
    const text = (count: number) => manyLines.slice(0, count).join('\n').concat('\n')
    const old = await file('app.log', text(5000))
    await ingestFiles(archive, 'web', [old])
    await archive.acknowledge('web')
    const seen: { bytesRead: number; totalBytes?: number }[] = []
    const grown = await file('app.log.1.gz', gzipSync(text(6000)))
    const onProgress = (progress: (typeof seen)[number]) => void seen.push(progress)
    expect(await ingestFiles(archive, 'web', [grown], { onProgress })).toMatchObject({
      lines: 1000,
      known: [{ input: grown, lines: 5000, bytes: text(5000).length }],
    })
    expect(seen.at(-1)!.bytesRead).toBe(seen.at(-1)!.totalBytes)
    expect(await textsOf(archive, 'web')).toEqual(manyLines.slice(0, 6000))
  })

  it('gzip with zero bytes between members and behind them, as gzip(1) takes them', async () => {
    const zeros = Buffer.alloc(70_000)
    const parts = [gzipSync('a\nb'), zeros, gzipSync('\nc\n'), gzipSync('d'), zeros]
    const path = await file('padded.gz', Buffer.concat(parts))
    expect(await ingestFiles(archive, 'web', [path])).toMatchObject({ lines: 4 })
    expect(await textsOf(archive, 'web')).toEqual(['a', 'b', 'c', 'd'])
  })

  it('empty, plain or packed: nothing is added', async () => {
    const paths = [await file('empty', ''), await file('empty.gz', gzipSync(''))]
    expect(await ingestFiles(archive, 'web', paths)).toMatchObject({ lines: 0, blocks: 0 })
  })

  it('with a NUL byte after the first 64 KiB, which batch may judge', async () => {
    const path = await file('late.log', `${'x'.repeat(70_000)}\na\0b\n`)
    expect(await ingestFiles(archive, 'web', [path])).toMatchObject({ lines: 2 })
  })

  it('with a line of 100 MB, which batch will reject', async () => {
    const path = await file('long.log', Buffer.concat([Buffer.alloc(100e6, 'x'), Buffer.from('\nshort\n')]))
    expect(await ingestFiles(archive, 'web', [path])).toMatchObject({ lines: 2, bytes: 100_000_005 })
  })

  it('a pipe, whose size nobody knows', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    const seen: object[] = []
    const ingested = ingestFiles(archive, 'web', [path], { onProgress: (progress) => seen.push(progress) })
    await writeFile(path, 'through a pipe\n')
    expect(await ingested).toMatchObject({ lines: 1 })
    expect(seen.at(-1)).toEqual({ bytesRead: 15, lines: 1 })
  })

  it('report progress in bytes as they are stored', async () => {
    const seen: { bytesRead: number; totalBytes?: number }[] = []
    const path = await file('b.gz', packed)
    await ingestFiles(archive, 'web', [path], { onProgress: (progress) => seen.push(progress) })
    expect(seen.at(-1)).toMatchObject({ bytesRead: packed.length, totalBytes: packed.length })
  })
})

describe('files that are refused', () => {
  it('missing', () => expectRefused(join(folder, 'nowhere.log'), 'INGEST_NOT_FOUND'))

  it('a directory', async () => {
    await mkdir(join(folder, 'logs'))
    await expectRefused(join(folder, 'logs'), 'INGEST_IS_DIRECTORY', '/*')
  })

  it('binary', async () => {
    await expectRefused(await file('core', Buffer.from([1, 2, 0, 3])), 'INGEST_BINARY_FILE', 'NUL')
    await expectRefused(await file('tar.gz', gzipSync(Buffer.alloc(600))), 'INGEST_BINARY_FILE')
    await expectRefused(await file('twice.gz', gzipSync(packed)), 'INGEST_BINARY_FILE', 'gzip inside gzip')
  })

  it('UTF-16, with the way out', async () => {
    const path = await file('windows.log', Buffer.from('\ufefftext\r\n', 'utf16le'))
    await expectRefused(path, 'INGEST_BINARY_FILE', 'iconv -f UTF-16LE')
  })

  it('a gzip that ends too early, wherever', async () => {
    for (const length of [12, packed.length >> 1, packed.length - 1]) {
      await expectRefused(await file('cut.gz', packed.subarray(0, length)), 'INGEST_TRUNCATED_GZIP')
    }
    const members = Buffer.concat([packed, packed.subarray(0, 1000)])
    await expectRefused(await file('cut2.gz', members), 'INGEST_TRUNCATED_GZIP')
  })

  it('a gzip with a wrong byte, in the data or in the check sum', async () => {
    for (const position of [packed.length >> 1, packed.length - 6]) {
      const bad = Buffer.from(packed)
      bad[position]! ^= 0x55
      await expectRefused(await file('bad.gz', bad), 'INGEST_CORRUPT_GZIP')
    }
  })

  it('a gzip with something else behind it', async () => {
    for (const behind of ['text', Buffer.concat([Buffer.alloc(600), Buffer.from('text')])]) {
      const path = await file('behind.gz', Buffer.concat([packed, Buffer.from(behind)]))
      await expectRefused(path, 'INGEST_CORRUPT_GZIP', 'not packed')
    }
  })

  it('JSON that is no lines of the source, plain or packed', async () => {
    const time = { field: 't', path: ['t'], layout: { kind: 'iso' }, zone: 'UTC' } as const
    const source: Source = { name: 'web', format: { kind: 'json' }, time, nullTexts: [], fields: [] }
    const content = '[\n{"t":"2026-03-01T10:00:00Z"}\n]\n'
    for (const path of [await file('a.json', content), await file('a.json.gz', gzipSync(content))]) {
      const checkHead = (head: Buffer, input: string) => checkContent(head, source, input)
      const refusal = await ingestFiles(archive, 'web', [path], { checkHead }).catch((error) => error)
      expect(refusal).toMatchObject({ code: 'INGEST_NOT_LINES', exitCode: 1 })
      expect(refusal.message).toContain(`${path}: it is a JSON array, not lines of source web`)
      expect(await archive.manifest('web')).toBeUndefined()
    }
  })

  const programs = { zstd: 'zstd', bzip2: 'bzip2', xz: 'xz' }
  for (const [format, program] of Object.entries(programs)) {
    const isMissing = spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined
    it.skipIf(isMissing)(`${format}, with the way out (needs the program ${program})`, async () => {
      const bytes = execFileSync(program, ['-c'], { input: 'some lines\n' })
      await expectRefused(await file(`log.${format}`, bytes), 'INGEST_UNKNOWN_COMPRESSION', format, ' -dc ')
    })
  }

  it.skipIf(process.getuid?.() === 0)('unreadable (cannot be told as root)', async () => {
    const path = await file('secret.log', 'x\n')
    await chmod(path, 0)
    await expectRefused(path, 'INGEST_UNREADABLE', 'permission')
  })

  it('unreadable on the way: a file that gives an error when it is read', async () => {
    await expectRefused('/proc/self/mem', 'INGEST_UNREADABLE')
  })
})
