/** What is refused before a line of it is read. */
import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { contentKind } from './content-kind.ts'

const kindOf = (...bytes: number[]) => contentKind(Uint8Array.from(bytes))
const textOf = (text: string) => contentKind(new TextEncoder().encode(text))

describe('contentKind', () => {
  it('knows compressions by their magic bytes', () => {
    expect(kindOf(0x1f, 0x8b, 8)).toEqual({ kind: 'gzip' })
    expect(kindOf(0x28, 0xb5, 0x2f, 0xfd)).toMatchObject({ kind: 'compressed', format: 'zstd' })
    expect(kindOf(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)).toMatchObject({ format: 'xz' })
    expect(kindOf(0x50, 0x4b, 3, 4)).toMatchObject({ format: 'zip' })
    expect(kindOf(0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59)).toMatchObject({ format: 'bzip2' })
    expect(kindOf(0x42, 0x5a, 0x68, 0x39, 0x17, 0x72, 0x45)).toMatchObject({ format: 'bzip2' })
    expect(kindOf(0x04, 0x22, 0x4d, 0x18, 0x64)).toMatchObject({ format: 'lz4' })
    for (const level of [1, 6, 9])
      expect(contentKind(deflateSync('{"a":1}\n{"a":22}\n', { level }))).toMatchObject({ format: 'deflate' })
  })

  it('takes for text what only begins like one', () => {
    expect(textOf('BZhello, a log line')).toEqual({ kind: 'text' })
    expect(textOf('PK is the key')).toEqual({ kind: 'text' })
    expect(textOf('')).toEqual({ kind: 'text' })
    expect(kindOf(0xef, 0xbb, 0xbf, 0x61)).toEqual({ kind: 'text' })
    expect(kindOf(0xc3, 0x28, 0xff, 0x0a)).toEqual({ kind: 'text' })
    expect(textOf('x^2 is x times x')).toEqual({ kind: 'text' })
    expect(textOf('\x1b[31m8=FIX.4.4\x019=122\x0135=D\x01\v\f\x1f\x1e\t\r\n')).toEqual({ kind: 'text' })
    expect(textOf('a stray \x02 in a line')).toEqual({ kind: 'text' })
  })

  it('knows UTF-16 by its mark, and other binary files by a NUL byte among the first 64 KiB', () => {
    expect(kindOf(0xff, 0xfe, 0x61, 0)).toEqual({ kind: 'utf16', encoding: 'UTF-16LE' })
    expect(kindOf(0xfe, 0xff, 0, 0x61)).toEqual({ kind: 'utf16', encoding: 'UTF-16BE' })
    const bytes = new Uint8Array(65_537).fill(0x61)
    bytes[65_536] = 0
    expect(contentKind(bytes)).toEqual({ kind: 'text' })
    bytes[65_535] = 0
    expect(contentKind(bytes)).toEqual({ kind: 'binary', sign: 'a NUL byte' })
  })

  it('knows noise by its control characters', () => {
    expect(textOf('\n\x12\x1a\x02\bhello\x12\x05world\x18\x03')).toMatchObject({ sign: 'control characters' })
  })
})
