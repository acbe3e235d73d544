/** Any bytes, in any chunks, come back as exactly the same lines, by two Parquet readers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { linesOf } from '../contract/archive-lines.ts'
import { readWithHyparquet } from '../contract/read-block.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-lines-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The norm, byte by byte: \n ends a line, one \r before it belongs to it, a mark at the start is none of it. */
function expectedLines(content: Uint8Array): string[] {
  let text = Buffer.from(content).toString('latin1')
  if (text.startsWith('\xef\xbb\xbf')) text = text.slice(3)
  if (text === '') return []
  const lines = text.split('\n')
  const last = lines.pop()!
  const ended = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  return last === '' ? ended : [...ended, last]
}

const bytes = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0x0a, 0x0d, 0x5c, 0x22, 0x27, 0x78, 0x30, 0x41, 0x61) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
)
const texts = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => [...Buffer.from(text)])
const part = fc.oneof(fc.array(bytes, { maxLength: 40 }), texts, fc.constantFrom([0x0a], [0x0d, 0x0a]))
const mark = fc.constantFrom<number[]>([], [], [0xef, 0xbb, 0xbf])
const content = fc
  .tuple(mark, fc.array(part, { maxLength: 12 }))
  .map(([mark, parts]) => Uint8Array.from([...mark, ...parts.flat()]))

async function* split(content: Uint8Array, sizes: readonly number[]) {
  for (let from = 0, turn = 0; from < content.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield content.subarray(from, from + size)
    from += size
  }
}

let sources = 0
async function roundTrip(contents: readonly Uint8Array[], sizes: readonly number[], pieceBytes: number) {
  const archive = new FilesArchive({ dataDir: folder, limits: { pieceBytes, blockBytes: pieceBytes * 5 } })
  const source = `s${sources++}`
  const inputs = contents.map((bytes, index) => ({ name: `${index}`, open: () => split(bytes, sizes) }))
  const result = await archive.ingest(source, inputs, { repeats: 'again' })
  const lines = await linesOf(archive, source)
  expect(lines.map(({ offset }) => offset)).toEqual(lines.map((_, index) => index))
  expect(await linesOf(archive, source, readWithHyparquet)).toEqual(lines)
  const raw = lines.map((line) => line.raw.toString('latin1'))
  expect(result).toMatchObject({ lines: raw.length, bytes: raw.join('').length })
  return raw
}

describe('lines of the archive', () => {
  it('are those of the inputs, whatever the bytes and the chunks', async () => {
    const contents = fc.array(content, { minLength: 1, maxLength: 3 })
    const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 })
    const pieceBytes = fc.integer({ min: 4, max: 200 })
    await fc.assert(
      fc.asyncProperty(contents, sizes, pieceBytes, async (contents, sizes, pieceBytes) => {
        const lines = await roundTrip(contents, sizes, pieceBytes)
        expect(lines).toEqual(contents.flatMap(expectedLines))
      }),
      { numRuns: Number(process.env.MILLRACE_CASES ?? 40) },
    )
  })

  it('keep every byte value, alone and in every pair with its neighbours', async () => {
    const every = Array.from({ length: 256 }, (_, byte) => byte)
    const content = Uint8Array.from(every.flatMap((byte) => [byte, 0x5c, byte, byte, 0xff, 0x0a]))
    expect(await roundTrip([content], [97], 4096)).toEqual(expectedLines(content))
  })

  it('keep bad bytes among many good lines', async () => {
    const good = Buffer.from('{"path":"/é","status":200}\r\n'.repeat(20_000))
    const bad = Buffer.from([0x7b, 0xc3, 0x28, 0x00, 0x0d, 0x0d, 0x0a])
    const content = Buffer.concat([good, bad, good, bad])
    expect(await roundTrip([content], [65_536], 1024 * 1024)).toEqual(expectedLines(content))
  })
})
