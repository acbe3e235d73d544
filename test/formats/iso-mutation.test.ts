/** The quick way to read ISO stamps takes exactly what the closed regex takes: every mutation of two characters. */
import { expect, it } from 'vitest'
import { timesOf } from './parse-lines.ts'

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?$/

/** The norm, by JavaScript's own calendar. */
function isoTime(text: string): string {
  const match = ISO.exec(text)
  if (!match) return 'invalid_time'
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0)) as number[]
  const [offsetHour, offsetMinute] = match.slice(9, 11).map((part) => Number(part ?? 0)) as [number, number]
  const ms = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const date = new Date(0)
  date.setUTCFullYear(year!, month! - 1, day!)
  const isDate = year! > 0 && date.getUTCMonth() === month! - 1 && date.getUTCDate() === day
  const isTime = hour! < 24 && minute! < 60 && second! < 60 && offsetHour < 24 && offsetMinute < 60
  if (!isDate || !isTime) return 'invalid_time'
  date.setUTCHours(hour!, minute!, second!, ms)
  const offset = (match[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute)
  const instant = new Date(date.getTime() - offset * 60_000)
  if (instant.getUTCFullYear() < 2) return 'year_1'
  return instant.getUTCFullYear() > 9000 ? 'year_beyond_9000' : instant.toISOString()
}

const ALPHABET = [...'01239 -+:.,/TtZz_eB\t\n\v\ré٠', '']

function mutations(text: string): string[] {
  const found = new Set([text])
  const chars = [...text]
  for (let i = 0; i < chars.length; i++)
    for (const a of ALPHABET)
      for (let j = i; j < chars.length; j++)
        for (const b of j === i ? [''] : ALPHABET) {
          const copy = [...chars]
          copy[i] = a
          if (j > i) copy[j] = b
          found.add(copy.join(''))
        }
  return [...found]
}

it.each([
  ['2024-02-29T13:59:58.123Z', 'UTC'],
  ['2024-02-29T13:59:58Z', 'UTC'],
  ['2024-02-29 23:59:58', 'UTC'],
  ['2024-02-29T00:00:08+00:00', 'UTC'],
])('mutations of %s', async (text, zone) => {
  const texts = mutations(text)
  const times = await timesOf({ zone }, texts)
  const wrong = texts.flatMap((mutant, i) => {
    const wanted = isoTime(mutant)
    return times[i] === wanted || (mutant === '' && times[i] === 'invalid_time')
      ? []
      : [{ mutant, found: times[i], wanted }]
  })
  expect(texts.length).toBeGreaterThan(80_000)
  expect(wrong.slice(0, 20)).toEqual([])
  expect(times.filter((time) => time !== 'invalid_time').length).toBeGreaterThan(100)
})
