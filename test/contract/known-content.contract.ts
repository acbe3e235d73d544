/** What an archive must do with content that it has taken before (docs/adr/0016): nothing counts twice without being asked. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Archive, IngestInput } from '../../src/ports/archive.ts'
import { type ArchiveFixture, inputOf, textsOf } from './archive-lines.ts'

export function describeKnownContent(current: () => ArchiveFixture): void {
  describe('of content that was ingested before', () => {
    let fixture: ArchiveFixture
    let archive: Archive
    beforeEach(() => {
      fixture = current()
      archive = fixture.open()
    })

    const long = (lines: number) =>
      Array.from({ length: lines }, (_, i) => `${i} ${'x'.repeat(40)}\n`).join('')
    const take = async (inputs: IngestInput[], repeats?: 'continue' | 'again') => {
      const opened = fixture.open()
      const result = await opened.ingest('web', inputs, { ...(repeats && { repeats }) })
      await opened.acknowledge('web')
      return result
    }
    const code = (taking: Promise<unknown>) =>
      taking.then(
        () => 'taken',
        (error: { code: string }) => error.code,
      )

    it('takes what is new of an input that has grown, under whatever name', async () => {
      await take([inputOf('a.log', long(200))])
      expect(await take([inputOf('a.log', long(300))])).toMatchObject({
        lines: 100,
        known: [{ input: 'a.log', lines: 200, bytes: long(200).length }],
      })
      expect(await take([inputOf('a.log.1', long(301))])).toMatchObject({
        lines: 1,
        known: [{ lines: 300 }],
      })
      expect(await textsOf(archive, 'web')).toEqual(long(301).trimEnd().split('\n'))
    })

    it('refuses what holds nothing new, and takes it when asked to', async () => {
      await take([inputOf('a.log', long(200))])
      const last = [inputOf('new', 'n\n'), inputOf('b.log', long(200))]
      expect(await code(take(last))).toBe('INGEST_KNOWN_CONTENT')
      expect(await code(take([inputOf('c', 'c\n'), inputOf('d', 'c\n')]))).toBe('INGEST_KNOWN_CONTENT')
      expect((await archive.manifest('web'))?.nextOffset).toBe(200)
      expect(await take(last, 'again')).toMatchObject({ lines: 201 })
      expect(await take([inputOf('empty'), inputOf('none')])).toMatchObject({ lines: 0 })
    })

    it('refuses a beginning that is too short to be sure, and goes on after it when asked to', async () => {
      await take([inputOf('a.csv', 'id,name\n')])
      const grown = inputOf('b.csv', 'id,name\n1,x\n')
      expect(await code(take([grown]))).toBe('INGEST_KNOWN_START')
      expect(await take([grown], 'continue')).toMatchObject({ lines: 1, known: [{ lines: 1, bytes: 8 }] })
      expect(await code(take([inputOf('c.csv', 'id,name')]))).toBe('taken')
    })

    it('knows a last line without an end that was taken', async () => {
      await take([inputOf('a', `${long(200)}torn`)])
      expect(await code(take([inputOf('a', `${long(200)}torn`)]))).toBe('INGEST_KNOWN_CONTENT')
      expect(await code(take([inputOf('a', `${long(200)}torn\r\n`)]))).toBe('INGEST_KNOWN_CONTENT')
      expect(await code(take([inputOf('a', long(200))]))).toBe('INGEST_KNOWN_CONTENT')
      expect(await code(take([inputOf('a', `${long(200)}torn apart\n`)]))).toBe('INGEST_KNOWN_LINE')
      expect(await take([inputOf('a', `${long(200)}torn\nnext\n`)])).toMatchObject({
        lines: 1,
        known: [{ lines: 201 }],
      })
      expect((await textsOf(archive, 'web')).slice(199)).toEqual([long(200).split('\n')[199], 'torn', 'next'])
    })

    it('leaves a last line without an end while more of it may come', async () => {
      const growing = (text: string): IngestInput => ({ ...inputOf('a', text), mayGrow: async () => true })
      expect(await take([growing(`${long(200)}to`)])).toMatchObject({
        lines: 200,
        left: [{ input: 'a', bytes: 2 }],
      })
      expect(await take([growing(`${long(200)}torn`)])).toMatchObject({ lines: 0, left: [{ bytes: 4 }] })
      expect(await take([growing(`${long(200)}torn\n`)])).toMatchObject({ lines: 1 })
      expect((await textsOf(archive, 'web')).at(-1)).toBe('torn')
    })

    it('takes a stream that is new, and no other', async () => {
      await take([inputOf('a', long(200))])
      const stream = (text: string): IngestInput => ({ ...inputOf('pipe', text), isOnce: true })
      expect(await code(take([stream(long(201))]))).toBe('INGEST_KNOWN_STREAM')
      expect(await code(take([stream(long(200))]))).toBe('INGEST_KNOWN_CONTENT')
      expect(await take([stream(long(3))])).toMatchObject({ lines: 3 })
      expect((await archive.manifest('web'))?.nextOffset).toBe(203)
    })

    it('refuses an input that changes between two looks', async () => {
      await take([inputOf('a', long(200))])
      let looks = 0
      const open = async function* () {
        yield Buffer.from(looks++ === 0 ? long(300) : long(300).replace('7', '8'))
      }
      expect(await code(take([{ name: 'a', open }]))).toBe('INGEST_UNREADABLE')
    })

    it('remembers many, in few files', async () => {
      for (let turn = 0; turn < 9; turn++) await take([inputOf('a', `${turn}\n`)])
      for (let turn = 0; turn < 9; turn++)
        expect(await code(take([inputOf('a', `${turn}\n`)]))).toBe('INGEST_KNOWN_CONTENT')
      const { contents } = (await archive.manifest('web')) as unknown as { contents: { entries: number }[] }
      expect(contents.map(({ entries }) => entries)).toEqual([8, 1])
    })
  })
}
