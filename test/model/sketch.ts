/** The sketches' norm, written a second time: log-linear buckets, and registers cut from md5. */
import { createHash } from 'node:crypto'

/** Below 100 the value itself; above, three leading digits in steps of 2, 4 and 10, and 1,000 numbers a decade. */
export function modelBucket(value: bigint): number {
  const text = (value < 0n ? -value : value).toString()
  const sign = value < 0n ? -1 : 1
  if (text.length < 3) return sign * Number(text)
  const lead = Number(text.slice(0, 3))
  const slot =
    lead < 200
      ? Math.floor((lead - 100) / 2)
      : lead < 500
        ? 50 + Math.floor((lead - 200) / 4)
        : 125 + Math.floor((lead - 500) / 10)
  return sign * ((text.length - 2) * 1000 + slot)
}

/** The first 12 bits of md5 name the register, the next 52 give the rank. */
export function modelRegister(text: string, registers: number): { register: number; rank: number } {
  const bits = [...createHash('md5').update(text, 'utf8').digest().subarray(0, 8)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const register = Math.floor(Number.parseInt(bits.slice(0, 12), 2) / (4096 / registers))
  const one = bits.slice(12).indexOf('1')
  return { register, rank: one < 0 ? 53 : one + 1 }
}
