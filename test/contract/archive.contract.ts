/** What every archive must do, whatever it is made of; each adapter runs this suite on a fixture of its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Archive, IngestInput } from '../../src/ports/archive.ts'
import type { StoredBatch } from '../../src/ports/log.ts'
import { type ArchiveFixture, inputOf, linesOf, textsOf } from './archive-lines.ts'
import { describeKnownContent } from './known-content.contract.ts'
import { readFooter, readWithDuckdb, readWithHyparquet } from './read-block.ts'

function storedBatch(firstOffset: number, observedMs: number, content: string | Uint8Array): StoredBatch {
  const bytes = Buffer.from(content)
  const lines = bytes.filter((byte) => byte === 0x0a).length
  return { firstOffset, endOffset: firstOffset + lines, observedMs, bytes }
}

async function* streamOf(batches: readonly StoredBatch[]) {
  yield* batches
}

export function describeArchive(name: string, makeFixture: () => Promise<ArchiveFixture>): void {
  describe(`archive contract: ${name}`, () => {
    let fixture: ArchiveFixture
    let archive: Archive
    beforeEach(async () => {
      fixture = await makeFixture()
      archive = fixture.open()
    })
    afterEach(() => fixture.remove())

    it('knows nothing of a source before its first ingest', async () => {
      expect(await archive.manifest('web')).toBeUndefined()
      expect(await archive.sources()).toEqual([])
      await archive.acknowledge('web')
    })

    it('gives back lines, offsets and observed times exactly, to two readers', async () => {
      const result = await archive.ingest('web', [inputOf('a', 'one\ntwo\n\nfour')], { now: () => 1234 })
      expect(result).toEqual({ source: 'web', lines: 4, bytes: 10, blocks: 1, repeated: false })
      const expected = ['one', 'two', '', 'four'].map((text, offset) => {
        return { offset, observedMs: 1234, raw: Buffer.from(text) }
      })
      expect(await linesOf(archive, 'web')).toEqual(expected)
      expect(await linesOf(archive, 'web', readWithHyparquet)).toEqual(expected)
    })

    it('gives a source another name with all that it has, and its old name to a new one', async () => {
      const content = 'one\n'.repeat(2000)
      await archive.ingest('web', [inputOf('a', content)], { now: () => 1234 })
      await archive.acknowledge('web')
      const before = (await archive.manifest('web'))!
      const lines = await linesOf(archive, 'web')
      await archive.rename('web', 'site', { topicName: 'web' })
      await archive.rename('web', 'site', { topicName: 'web' })
      expect(await archive.manifest('web')).toBeUndefined()
      expect(await archive.sources()).toEqual(['site'])
      const renamed = { source: 'site', formerNames: ['web'], topicName: 'web' }
      const { incarnation, nextOffset, lastObservedMs, blocks } = before
      const kept = { incarnation, nextOffset, lastObservedMs, blocks }
      expect(await archive.manifest('site')).toMatchObject({ ...kept, ...renamed })
      expect(await linesOf(archive, 'site')).toEqual(lines)
      const again = archive.ingest('site', [inputOf('again', content)], { now: () => 2000 })
      await expect(again).rejects.toMatchObject({
        code: 'INGEST_KNOWN_CONTENT',
      })
      await archive.ingest('site', [inputOf('b', 'two\n')], { now: () => 2345 })
      await archive.ingest('web', [inputOf('c', 'three\n')])
      // What is done is done, though the old name holds something again.
      await archive.rename('web', 'site', {})
      expect(await textsOf(archive, 'web')).toEqual(['three'])
      expect((await textsOf(archive, 'site')).slice(-2)).toEqual(['one', 'two'])
      await archive.rename('site', 'third', { topicName: 'site' })
      expect((await archive.manifest('third'))!).toMatchObject({
        ...{ source: 'third', incarnation: before.incarnation, nextOffset: 2001 },
        ...{ formerNames: ['web', 'site'], topicName: 'web' },
      })
    })

    it('keeps the keys of a log beside its lines, until others take their place', async () => {
      const list = (text: string, lastMs: number) => ({ text, keys: 1, lastMs })
      const append = (offset: number, keys: ReturnType<typeof list> | undefined) =>
        archive.append('web', streamOf([storedBatch(offset, 5, 'a\n')]), (end) =>
          end === offset + 1 ? keys : undefined,
        )
      expect(await archive.keys('web', 0)).toBeUndefined()
      await append(0, undefined)
      expect(await archive.keys('web', 0)).toBeUndefined()
      await append(1, list('[1]\n', 7))
      await append(2, list('[1]\n', 7))
      await append(3, undefined)
      await archive.ingest('web', [inputOf('a', 'one\n')], { now: () => 6 })
      expect(await fixture.open().keys('web', 7)).toBe('[1]\n')
      expect(await archive.keys('web', 8)).toBeUndefined()
      await append(5, list('[2]\n', 9))
      // Clears away what no manifest names any more.
      await archive.ingest('web', [inputOf('b', 'two\n')], { now: () => 6 })
      await archive.rename('web', 'site', {})
      expect(await fixture.open().keys('site', 9)).toBe('[2]\n')
      await archive.scrub('site').then(({ findings }) => expect(findings).toEqual([]))
    })

    it('says in each footer what the block is', async () => {
      await archive.ingest('web', [inputOf('a', 'one\ntwo\n')])
      const { blocks, incarnation } = (await archive.manifest('web'))!
      expect(await readFooter(await archive.verifiedPath('web', blocks[0]!))).toMatchObject({
        millrace_format: '2',
        source: 'web',
        incarnation,
        first_offset: '0',
        end_offset: '2',
        raw_bytes: '6',
      })
    })

    it('keeps the facts of each input, and the contexts of a log, with their lines', async () => {
      const facts = { path: 'logs/ä "b".log', referenceMs: 1_577_836_800_000 }
      await archive.ingest('web', [{ ...inputOf('a', 'one\ntwo\n'), facts }, inputOf('b', 'three\n')])
      await archive.acknowledge('web')
      const batches = [
        { ...storedBatch(3, 1e13, 'four\n'), context: '{"format":1}' },
        storedBatch(4, 1e13, 'five\r\n'),
        { ...storedBatch(5, 1e13, Buffer.from('s\xff\n', 'latin1')), context: '{"format":1}' },
      ]
      await archive.append('web', streamOf(batches))
      const path = '{"format":1,"path":"logs/ä \\"b\\".log","reference_ms":1577836800000}'
      const contexts = [path, path, undefined, '{"format":1}', undefined, '{"format":1}']
      for (const read of [readWithDuckdb, readWithHyparquet]) {
        const lines = await linesOf(fixture.open(), 'web', read)
        expect(lines.map(({ context }) => context)).toEqual(contexts)
        expect(lines.map(({ raw }) => raw.toString('latin1'))).toEqual(
          'one,two,three,four,five,s\xff'.split(','),
        )
      }
    })

    it('appends: offsets go on, blocks cover them without a gap', async () => {
      const text = Array.from({ length: 300 }, (_, index) => `line ${index} ${'x'.repeat(index % 50)}\n`)
      for (let from = 0; from < 300; from += 100) {
        await archive.ingest('web', [inputOf('part', text.slice(from, from + 100).join(''))])
        await archive.acknowledge('web')
      }
      const manifest = (await fixture.open().manifest('web'))!
      expect(manifest).toMatchObject({ formatVersion: 1, source: 'web', generation: 3, nextOffset: 300 })
      expect(manifest.blocks.length).toBeGreaterThan(3)
      let next = 0
      for (const { firstOffset, endOffset } of manifest.blocks) {
        expect(firstOffset).toBe(next)
        next = endOffset
      }
      const lines = await linesOf(fixture.open(), 'web')
      expect(lines.map(({ offset }) => offset)).toEqual(text.map((_, index) => index))
      expect(lines.map(({ raw }) => `${raw}\n`)).toEqual(text)
    })

    it('keeps sources apart', async () => {
      await archive.ingest('web', [inputOf('a', 'of web\n')])
      await archive.ingest('db', [inputOf('b', 'of db\n')])
      expect(await fixture.open().sources()).toEqual(['db', 'web'])
      expect(await textsOf(archive, 'db')).toEqual(['of db'])
    })

    it('takes all inputs as one commit, or none', async () => {
      const broken: IngestInput = {
        name: 'broken',
        async *open() {
          yield Buffer.from('half\n'.repeat(1000))
          throw new Error('the input broke')
        },
      }
      await archive.ingest('web', [inputOf('a', 'kept\n')])
      await expect(archive.ingest('web', [inputOf('b', 'no\n'), broken])).rejects.toThrow('the input broke')
      expect(await textsOf(fixture.open(), 'web')).toEqual(['kept'])
      await archive.ingest('web', [inputOf('b', 'b\n'), inputOf('c', 'c')])
      expect(await textsOf(fixture.open(), 'web')).toEqual(['kept', 'b', 'c'])
      expect((await archive.manifest('web'))?.generation).toBe(2)
    })

    it('adds nothing for empty input', async () => {
      const result = await archive.ingest('web', [inputOf('empty'), inputOf('mark', '\ufeff')])
      expect(result).toEqual({ source: 'web', lines: 0, bytes: 0, blocks: 0, repeated: false })
      expect(await archive.manifest('web')).toBeUndefined()
    })

    it('never lets the observed clock run backwards', async () => {
      await archive.ingest('web', [inputOf('a', 'a\n')], { now: () => 2000 })
      await fixture.open().ingest('web', [inputOf('b', 'b\n')], { now: () => 1000 })
      await fixture.open().ingest('web', [inputOf('c', 'c\n')], { now: () => 3000 })
      expect((await linesOf(archive, 'web')).map(({ observedMs }) => observedMs)).toEqual([2000, 2000, 3000])
    })

    it('takes a repeat for a retry until the result was acknowledged', async () => {
      const input = inputOf('a', 'once\n')
      const first = await archive.ingest('web', [input])
      const other = fixture.open()
      await other.ingest('web', [inputOf('b', 'between\n')])
      await other.acknowledge('web')
      expect(await fixture.open().ingest('web', [input])).toEqual({ ...first, repeated: true })
      await fixture.open().acknowledge('web')
      expect(await textsOf(archive, 'web')).toEqual(['once', 'between'])
      expect(await fixture.open().ingest('web', [input], { repeats: 'again' })).toEqual({
        ...first,
        repeated: false,
      })
      expect(await textsOf(archive, 'web')).toEqual(['once', 'between', 'once'])
    })

    it('tells inputs apart by where one ends', async () => {
      await archive.ingest('web', [inputOf('a', 'x\ny\n')])
      const result = await archive.ingest('web', [inputOf('a', 'x\n'), inputOf('b', 'y\n')])
      expect(result).toMatchObject({ repeated: false, lines: 2 })
    })

    describeKnownContent(() => fixture)

    it('shows the first line of each input, without its line end and byte order mark', async () => {
      const seen: [string, string][] = []
      const checkFirstLine = (line: Buffer, input: string) => void seen.push([line.toString(), input])
      const inputs = [inputOf('a', '\ufeffid,name\r\n1,x\r\n'), inputOf('empty'), inputOf('b', 'only')]
      await archive.ingest('web', inputs, { checkFirstLine })
      expect(seen).toEqual([
        ['id,name', 'a'],
        ['only', 'b'],
      ])
      const refuse = () => {
        throw new Error('another header')
      }
      await expect(archive.ingest('web', [inputOf('c', 'c\n')], { checkFirstLine: refuse })).rejects.toThrow(
        'another header',
      )
      expect((await archive.manifest('web'))?.nextOffset).toBe(3)
    })

    it('stops when told to, and adds nothing', async () => {
      const abort = new AbortController()
      const input: IngestInput = {
        name: 'endless',
        async *open() {
          for (let turn = 0; ; turn++) {
            if (turn === 50) abort.abort()
            yield Buffer.from('line\n'.repeat(100))
          }
        },
      }
      await expect(archive.ingest('web', [input], { signal: abort.signal })).rejects.toMatchObject({
        code: 'INGEST_CANCELLED',
      })
      expect(await archive.manifest('web')).toBeUndefined()
    })

    it('stops when told to, though its input is silent', async () => {
      const abort = new AbortController()
      const silent: IngestInput = {
        name: 'silent',
        async *open() {
          yield Buffer.from('line\n')
          setTimeout(() => abort.abort(), 50)
          await new Promise(() => {})
        },
      }
      await expect(archive.ingest('web', [silent], { signal: abort.signal })).rejects.toMatchObject({
        code: 'INGEST_CANCELLED',
      })
      expect(await archive.manifest('web')).toBeUndefined()
    })

    it('lets one writer in at a time', async () => {
      let inside: () => void = () => {}
      let leave: () => void = () => {}
      const isInside = new Promise<void>((resolve) => {
        inside = resolve
      })
      const mayLeave = new Promise<void>((resolve) => {
        leave = resolve
      })
      const slow: IngestInput = {
        name: 'slow',
        async *open() {
          yield Buffer.from('slow\n')
          inside()
          await mayLeave
        },
      }
      const first = archive.ingest('web', [slow])
      await isInside
      await expect(fixture.open().ingest('web', [inputOf('b', 'b\n')])).rejects.toMatchObject({
        code: 'ARCHIVE_LOCKED',
        params: { pid: process.pid },
      })
      leave()
      await first
      await fixture.open().ingest('web', [inputOf('b', 'b\n')])
      expect(await textsOf(archive, 'web')).toEqual(['slow', 'b'])
    })

    it('reports progress up to the last byte and line', async () => {
      const seen: { bytesRead: number; lines: number }[] = []
      const text = 'a line of text\n'.repeat(500)
      await archive.ingest('web', [inputOf('a', text)], { onProgress: (progress) => seen.push(progress) })
      expect(seen.length).toBeGreaterThan(1)
      expect(seen.at(-1)).toEqual({ bytesRead: text.length, lines: 500 })
    })

    it('appends batches of a log with the offsets and times they have, and no line twice', async () => {
      await archive.ingest('web', [inputOf('a', 'before\n')], { now: () => 10 })
      await archive.acknowledge('web')
      const batches = [
        storedBatch(1, 100, 'one\r\ntwo\n'),
        storedBatch(3, 100, '\n'),
        storedBatch(4, 250, `${'long '.repeat(400)}\nb\u0000\n`),
        storedBatch(6, 300, Buffer.from('caf\xe9\n', 'latin1')),
      ]
      expect(await archive.append('web', streamOf(batches.slice(0, 3)))).toBe(6)
      expect((await archive.manifest('web'))?.generation).toBe(2)
      // As after a crash that came before the log was trimmed: from the middle of a batch on.
      expect(await fixture.open().append('web', streamOf(batches.slice(2)))).toBe(7)
      expect(await archive.append('web', streamOf(batches))).toBe(7)
      expect(await archive.append('web', streamOf([]))).toBe(7)
      expect((await archive.manifest('web'))?.generation).toBe(3)
      const lines = await linesOf(fixture.open(), 'web')
      expect(lines.map(({ offset, observedMs }) => [offset, observedMs])).toEqual([
        [0, 10],
        [1, 100],
        [2, 100],
        [3, 100],
        [4, 250],
        [5, 250],
        [6, 300],
      ])
      const texts = ['before', 'one', 'two', '', 'long '.repeat(400), 'b\u0000', 'caf\xe9']
      expect(lines.map(({ raw }) => raw.toString('latin1'))).toEqual(texts)
    })

    it('takes the rest of a batch of which it has the beginning', async () => {
      const whole = storedBatch(0, 5, 'a\nb\nc\nd\n')
      await archive.append('web', streamOf([storedBatch(0, 5, 'a\nb\n')]))
      expect(await archive.append('web', streamOf([whole]))).toBe(4)
      expect(await textsOf(archive, 'web')).toEqual(['a', 'b', 'c', 'd'])
    })

    it('refuses a log that begins beyond its end, and one that breaks off', async () => {
      await archive.append('web', streamOf([storedBatch(0, 5, 'a\n')]))
      await expect(archive.append('web', streamOf([storedBatch(2, 6, 'c\n')]))).rejects.toMatchObject({
        code: 'ARCHIVE_GAP',
        params: { source: 'web', end: 1, first: 2 },
      })
      async function* broken() {
        yield storedBatch(1, 6, 'b\n'.repeat(2000))
        throw new Error('the log broke')
      }
      await expect(archive.append('web', broken())).rejects.toThrow('the log broke')
      expect(await textsOf(fixture.open(), 'web')).toEqual(['a'])
    })

    it('goes on after lines that are lost, which begin where it ends, in the name that a report knows', async () => {
      const accepted = { acceptedMs: 7, acceptedBy: 'ann@host' }
      const first = { fromOffset: 0, endOffset: 2, ...accepted }
      expect((await archive.accounts('web')).map(({ isThere }) => isThere)).not.toContain(true)
      await archive.acceptLost('web', { lost: first, incarnation: 'known' })
      await archive.append('web', streamOf([storedBatch(2, 5, 'c\nd\n')]))
      const second = { fromOffset: 4, endOffset: 9, ...accepted }
      await archive.acceptLost('web', { lost: second, incarnation: 'other' })
      await expect(archive.acceptLost('web', { lost: second })).rejects.toMatchObject({
        code: 'ARCHIVE_GAP',
        params: { end: 9, first: 4 },
      })
      await archive.append('web', streamOf([storedBatch(8, 6, 'lost\nj\n')]))
      expect(await fixture.open().manifest('web')).toMatchObject({
        ...{ incarnation: 'known', nextOffset: 10, lost: [first, second] },
        blocks: [{ firstOffset: 2 }, { firstOffset: 9 }],
      })
      const lines = await linesOf(fixture.open(), 'web')
      expect(lines.map(({ offset, raw }) => [offset, raw.toString()])).toEqual([
        [2, 'c'],
        [3, 'd'],
        [9, 'j'],
      ])
      expect((await archive.accounts('web')).map(({ isThere }) => isThere)).not.toContain(false)
    })

    it('goes on with files after a log, at the next offset and no earlier time', async () => {
      await archive.append('web', streamOf([storedBatch(0, 5000, 'a\nb\n')]))
      await archive.ingest('web', [inputOf('a', 'file\n')], { now: () => 10 })
      const [line] = (await linesOf(archive, 'web')).slice(-1)
      expect(line).toMatchObject({ offset: 2, observedMs: 5000 })
    })

    it('finds nothing wrong with a healthy source', async () => {
      await archive.ingest('web', [inputOf('a', 'a line\n'.repeat(1000))])
      const { blocks } = (await archive.manifest('web'))!
      expect(await archive.scrub('web')).toEqual({ source: 'web', blocks: blocks.length, findings: [] })
    })
  })
}
