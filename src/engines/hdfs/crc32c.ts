/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes a step, as HDFS has it for each 512 bytes. */

const POLYNOMIAL = 0x82f63b78
/** `TABLES[k][b]`: what byte b does to the register k bytes later. */
const TABLES = makeTables()

/** As a signed 32-bit number. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as Eight
  let crc = -1
  let at = from
  for (; at + 8 <= to; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    const early = t7[crc & 255]! ^ t6[(crc >>> 8) & 255]! ^ t5[(crc >>> 16) & 255]! ^ t4[crc >>> 24]!
    crc = early ^ t3[bytes[at + 4]!]! ^ t2[bytes[at + 5]!]! ^ t1[bytes[at + 6]!]! ^ t0[bytes[at + 7]!]!
  }
  for (; at < to; at++) crc = t0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc
}

type Table = Int32Array
type Eight = [Table, Table, Table, Table, Table, Table, Table, Table]

function makeTables(): Table[] {
  const tables = [new Int32Array(256).map((_, byte) => shiftByte(byte))]
  for (let k = 1; k < 8; k++) {
    const before = tables[k - 1]!
    tables.push(before.map((crc) => (crc >>> 8) ^ tables[0]![crc & 255]!))
  }
  return tables
}

function shiftByte(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? POLYNOMIAL ^ (crc >>> 1) : crc >>> 1
  return crc
}
