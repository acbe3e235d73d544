/** Whole lines, whatever the chunks. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutPieces } from './piece-cutter.ts'

async function* chunksOf(content: Uint8Array, sizes: readonly number[]) {
  const shared = Buffer.alloc(64)
  for (let from = 0, turn = 0; from < content.length; turn++) {
    const size = Math.min(sizes[turn % sizes.length]!, shared.length)
    const length = Math.min(size, content.length - from)
    shared.set(content.subarray(from, from + length))
    yield shared.subarray(0, length)
    from += length
  }
}

/** Reads one piece ahead, as the ingest does, and copies a piece only after the next was asked for. */
async function piecesOf(content: Uint8Array, sizes = [7], pieceBytes = 16, maxLineBytes = 1000) {
  const pieces = cutPieces(chunksOf(content, sizes), 'test', { pieceBytes, maxLineBytes })
  const found: { text: string; isOneLine: boolean }[] = []
  let next = pieces.next()
  for (;;) {
    const { value, done } = await next
    if (done) return found
    next = pieces.next()
    await new Promise((resolve) => setImmediate(resolve))
    found.push({ text: value.bytes.toString('latin1'), isOneLine: value.isOneLine })
  }
}

describe('cutPieces', () => {
  it('loses nothing and cuts only after newlines, whatever the chunks', async () => {
    const content = fc.array(fc.constantFrom(0x0a, 0x0d, 0x61, 0xff), { maxLength: 300 })
    const sizes = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 5 })
    const pieceBytes = fc.integer({ min: 1, max: 40 })
    await fc.assert(
      fc.asyncProperty(content, sizes, pieceBytes, async (bytes, sizes, pieceBytes) => {
        const pieces = await piecesOf(Uint8Array.from(bytes), sizes, pieceBytes)
        expect(pieces.map(({ text }) => text).join('')).toBe(Buffer.from(bytes).toString('latin1'))
        for (const { text } of pieces.slice(0, -1)) expect(text.endsWith('\n')).toBe(true)
        for (const { text, isOneLine } of pieces) {
          if (isOneLine) expect(text.indexOf('\n') + 1 || text.length).toBe(text.length)
          else expect(text.length).toBeLessThanOrEqual(pieceBytes)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('gives a long line a piece of its own', async () => {
    const pieces = await piecesOf(Buffer.from(`a\nb\n${'x'.repeat(100)}\nc\n`))
    expect(pieces.map(({ isOneLine }) => isOneLine)).toEqual([false, true, false])
    expect(pieces[1]!.text).toBe(`${'x'.repeat(100)}\n`)
  })

  it('drops a byte order mark at the start and nowhere else', async () => {
    const mark = [0xef, 0xbb, 0xbf]
    const [first] = await piecesOf(Uint8Array.from([...mark, 0x61, ...mark]))
    expect(first!.text).toBe('a\xef\xbb\xbf')
    expect(await piecesOf(Uint8Array.from(mark))).toEqual([])
    const long = await piecesOf(Uint8Array.from([...mark, ...Buffer.from('y'.repeat(50))]), [1], 2)
    expect(long).toEqual([{ text: 'y'.repeat(50), isOneLine: true }])
  })

  it('refuses a line above the limit, and takes one that just fits', async () => {
    await expect(piecesOf(Buffer.alloc(101, 'x'), [7], 16, 100)).rejects.toMatchObject({
      code: 'INGEST_LINE_TOO_LONG',
      params: { input: 'test', limit: 100 },
    })
    expect(await piecesOf(Buffer.alloc(100, 'x'), [7], 16, 100)).toHaveLength(1)
  })
})
