/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes a step. */

const POLYNOMIAL = 0x82f63b78

type Table = Int32Array

/** `T<k>[b]`: what byte b does to the register k bytes later. Taken apart once: a call is for few bytes. */
const [T0, T1, T2, T3, T4, T5, T6, T7] = makeTables()

/** As a signed 32-bit number. `before` is that of bytes which come before these. */
export function crc32c(bytes: Uint8Array, from: number, to: number, before = 0): number {
  let crc = ~before
  let at = from
  for (; at + 8 <= to; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    const early = T7[crc & 255]! ^ T6[(crc >>> 8) & 255]! ^ T5[(crc >>> 16) & 255]! ^ T4[crc >>> 24]!
    crc = early ^ T3[bytes[at + 4]!]! ^ T2[bytes[at + 5]!]! ^ T1[bytes[at + 6]!]! ^ T0[bytes[at + 7]!]!
  }
  for (; at < to; at++) crc = T0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc
}

function makeTables(): [Table, Table, Table, Table, Table, Table, Table, Table] {
  const first = new Int32Array(256).map((_, byte) => shiftByte(byte))
  const next = (table: Table) => table.map((crc) => (crc >>> 8) ^ first[crc & 255]!)
  const [second, third, fourth] = [next(first), next(next(first)), next(next(next(first)))]
  const fifth = next(fourth)
  return [first, second, third, fourth, fifth, next(fifth), next(next(fifth)), next(next(next(fifth)))]
}

function shiftByte(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? POLYNOMIAL ^ (crc >>> 1) : crc >>> 1
  return crc
}
