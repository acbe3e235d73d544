/** Event times: ISO 8601, epoch and RFC 3164 texts → milliseconds, floored; undefined when the text is no time. */
import type { ModelSource } from './vocabulary.ts'

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?$/

export function readTime(text: string, { layout, referenceMs }: ModelSource['time']): number | undefined {
  if (layout === 'rfc3164') return readYearless(text, referenceMs!)
  return layout === 'iso' ? readIso(text) : readEpoch(text, layout === 'epoch_s' ? 1000n : 1n)
}

function readIso(text: string): number | undefined {
  const match = ISO.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const millis = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3))
  const at =
    new Date(0).setUTCFullYear(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000 + millis
  const offset = offsetMs(match[8] ?? 'Z')
  return offset === undefined ? undefined : at - offset
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const YEARLESS = /^([a-z]{3}) +([0-2]?\d|3[01]) +([01]?\d|2[0-3]):([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,9}))?$/i

/** The latest year in which the day exists and that is at most a day after the reference. */
function readYearless(text: string, referenceMs: number): number | undefined {
  const match = YEARLESS.exec(text)
  const month = match ? MONTHS.indexOf(match[1]!.toLowerCase()) + 1 : 0
  if (!match || month === 0) return undefined
  const [day, hour, minute, second] = match.slice(2, 6).map(Number) as [number, number, number, number]
  const millis = Number((match[6] ?? '').padEnd(3, '0').slice(0, 3))
  const last = new Date(referenceMs).getUTCFullYear() + 1
  for (let year = last; year > last - 12; year--) {
    if (day < 1 || day > daysOf(year, month)) continue
    const ms = Date.UTC(year, month - 1, day, hour, minute, second, millis)
    if (ms <= referenceMs + 86_400_000) return ms
  }
  return undefined
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

function offsetMs(text: string): number | undefined {
  if (/^z$/i.test(text)) return 0
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(':', ''))]
  if (hours > 23 || minutes > 59) return undefined
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

function readEpoch(text: string, msPerUnit: bigint): number | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (!match) return undefined
  const fraction = match[3] ?? ''
  const scaled = BigInt(match[1]! + match[2]! + fraction) * msPerUnit
  const unit = 10n ** BigInt(fraction.length)
  const floored = scaled >= 0n ? scaled / unit : -((-scaled + unit - 1n) / unit)
  return Number(floored)
}
