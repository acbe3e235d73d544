/** Event times: ISO 8601 and epoch texts → milliseconds, floored; undefined when the text is no time. */

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?$/

export function readTime(text: string, layout: 'iso' | 'epoch_s' | 'epoch_ms'): number | undefined {
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
