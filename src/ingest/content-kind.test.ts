/** What is refused before a line of it is read. */
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
  })

  it('takes for text what only begins like one', () => {
    expect(textOf('BZhello, a log line')).toEqual({ kind: 'text' })
    expect(textOf('PK is the key')).toEqual({ kind: 'text' })
    expect(textOf('')).toEqual({ kind: 'text' })
    expect(kindOf(0xef, 0xbb, 0xbf, 0x61)).toEqual({ kind: 'text' })
    expect(kindOf(0xc3, 0x28, 0xff, 0x0a)).toEqual({ kind: 'text' })
  })

  it('knows UTF-16 by its mark, and other binary files by a NUL byte among the first 64 KiB', () => {
    expect(kindOf(0xff, 0xfe, 0x61, 0)).toEqual({ kind: 'utf16', encoding: 'UTF-16LE' })
    expect(kindOf(0xfe, 0xff, 0, 0x61)).toEqual({ kind: 'utf16', encoding: 'UTF-16BE' })
    const bytes = new Uint8Array(65_537).fill(0x61)
    bytes[65_536] = 0
    expect(contentKind(bytes)).toEqual({ kind: 'text' })
    bytes[65_535] = 0
    expect(contentKind(bytes)).toEqual({ kind: 'binary' })
  })
})
