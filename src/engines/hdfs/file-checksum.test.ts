/** The checksum that HDFS gives, from the bytes alone. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../archive/crc32c.ts'
import { RunningChecksum } from './file-checksum.ts'

async function* cut(bytes: Buffer, sizes: readonly number[]) {
  const shared = Buffer.alloc(4096)
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const length = Math.min(sizes[turn % sizes.length]!, bytes.length - from)
    bytes.copy(shared, 0, from, from + length)
    yield shared.subarray(0, length)
    from += length
  }
}

async function checksumOf(bytes: Buffer, sizes = [4096]) {
  const checksum = new RunningChecksum()
  for await (const _ of checksum.watch(cut(bytes, sizes))) {
    // Only watched.
  }
  return checksum
}

describe('crc32c', () => {
  it('gives the check value of its definition', () => {
    const bytes = Buffer.from('x123456789')
    expect(crc32c(bytes, 1, 10) >>> 0).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(32), 0, 32) >>> 0).toBe(0x8a9136aa)
  })
})

describe('the checksum of a file', () => {
  // Taken from Hadoop 3.4.2: GETFILECHECKSUM of files of these bytes, HDFS blocks of 64 KiB.
  const content = (length: number) => Buffer.from(Array.from({ length }, (_, place) => (place * 7) % 251))
  const given: [number, string, string][] = [
    [1, 'MD5-of-0MD5-of-512CRC32C', '000002000000000000000000dc236201841049096ad31b6213203a9000000000'],
    [65536, 'MD5-of-0MD5-of-512CRC32C', '0000020000000000000000004624bf0819b16f43af48905821cddb3600000000'],
    [
      300000,
      'MD5-of-128MD5-of-512CRC32C',
      '0000020000000000000000808282ff9b3d39c342c1e074e5050fc94300000000',
    ],
    [1000, 'MD5-of-0MD5-of-512CRC32C', '0000020000000000000000001b2e1cc6cc2c33b80ae187088caff87000000000'],
  ]

  it.each(given)('of %i bytes is that of HDFS', async (length, algorithm, bytes) => {
    const checksum = await checksumOf(content(length))
    expect(checksum.matches({ algorithm, bytes }, 65_536)).toBe(true)
    const other = content(length)
    other[length >> 1]! ^= 1
    expect((await checksumOf(other)).matches({ algorithm, bytes }, 65_536)).toBe(false)
  })

  it('does not depend on how the bytes come', async () => {
    const [length, algorithm, bytes] = given[2]!
    const sizes = fc.array(fc.integer({ min: 1, max: 4096 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(sizes, async (sizes) => {
        const checksum = await checksumOf(content(length), sizes)
        expect(checksum.matches({ algorithm, bytes }, 65_536)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('of another kind never matches', async () => {
    const [length, , bytes] = given[0]!
    const checksum = await checksumOf(content(length))
    for (const algorithm of ['COMPOSITE-CRC32C', 'MD5-of-0MD5-of-512CRC32', 'MD5-of-0MD5-of-4096CRC32C'])
      expect(checksum.matches({ algorithm, bytes }, 65_536)).toBe(false)
  })
})
