/** Decimals against exact arithmetic: random and edge spellings at every kind of scale. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseLines } from './parse-lines.ts'

const LIMIT = 10n ** 18n

/** The norm, by BigInt: null where the field is in error. */
function scaledDecimal(text: string, scale: number): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!match) return null
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const shift = Number(exponent) - fraction.length + scale
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return 0n
  if (shift > 400) return null
  if (shift < -400) return 0n
  const divisor = 10n ** BigInt(Math.max(0, -shift))
  const product = digits * 10n ** BigInt(Math.max(0, shift))
  const rounded = (product * 2n + divisor) / (divisor * 2n)
  if (rounded >= LIMIT) return null
  return sign === '-' ? -rounded : rounded
}

const digits = (max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max })
const nines = fc.integer({ min: 1, max: 25 }).map((length) => '9'.repeat(length))
const part = fc.oneof(digits(6), digits(40), nines, fc.constantFrom('0', '5', '49999', '50000'))
const number = fc
  .record({
    sign: fc.constantFrom('', '-'),
    whole: part,
    fraction: fc.option(part, { nil: undefined }),
    exponent: fc.option(fc.integer({ min: -45, max: 45 }).map(String), { nil: undefined, freq: 2 }),
  })
  .map(({ sign, whole, fraction, exponent }) => {
    return `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${exponent === undefined ? '' : `e${exponent}`}`
  })
const junk = fc
  .tuple(number, fc.constantFrom(' ', '+', '_', '.', 'x', 'e', '\t', ','), fc.nat(6))
  .map(([text, mark, at]) => {
    return text.slice(0, at) + mark + text.slice(at)
  })

it.each([0, 1, 2, 3, 6, 7, 9, 12, 18])('decimal(%i) agrees with exact arithmetic', async (scale) => {
  const texts = fc.sample(fc.oneof({ weight: 5, arbitrary: number }, { weight: 1, arbitrary: junk }), {
    numRuns: 3000,
    seed: scale + 1,
  })
  const lines = texts.map((v) => JSON.stringify({ ts: '2026-01-01T00:00:00Z', v }))
  const parsed = await parseLines({ format: { kind: 'json' }, fields: { v: `decimal(${scale})` } }, lines)
  const found = parsed.map(({ fields }, i) => `${texts[i]} → ${fields.v}`)
  const wanted = texts.map((text) => `${text} → ${scaledDecimal(text, scale) ?? '!'}`)
  expect(found.filter((row, i) => row !== wanted[i])).toEqual([])
})
