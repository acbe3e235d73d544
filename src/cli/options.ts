/** Readers of option values; a value that cannot be read is wrong use, told with what is expected. */
import { InvalidArgumentError } from 'commander'
import { parseInstant } from '../core/timestamp.ts'

/** A date or an RFC 3339 instant, UTC unless it has an offset. */
export function readInstant(text: string): number {
  const ms = parseInstant(text)
  if (ms === undefined)
    throw new InvalidArgumentError('Write a time such as 2026-01-31 or 2026-01-31T08:00:00Z.')
  return ms
}

export function readPositive(text: string): number {
  const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0
  if (count < 1) throw new InvalidArgumentError('Write a whole number above zero.')
  return count
}

export function readOffset(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.')
  return Number(text)
}

/** One that a stamp can have. */
export function readYear(text: string): number {
  const year = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0
  if (year < 1) throw new InvalidArgumentError('Write a year from 1 to 9999.')
  return year
}

/** `a,b` → both names; for options that take a list. The empty text is the empty list. */
export function readNames(text: string): string[] {
  if (text === '') return []
  const names = text.split(',').map((name) => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('Write names with commas between them.')
  return names
}

/** For an option that may be given several times. */
export function collect(text: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), text]
}
