/** Which field of a record holds the event time. */
import type { Doubt } from './doubt.ts'
import { epochOfValues } from './find-epoch.ts'
import { type FoundStamp, stampOfValues } from './find-stamp.ts'
import type { FieldSample } from './record-sample.ts'

export interface FoundTime extends FoundStamp {
  readonly field: FieldSample
}

const NAMES = ['@timestamp', 'timestamp', 'ts', 'time', 'datetime', 'event_time', 'eventtime', 't', 'date']
const TIME_LIKE = /time|date|stamp|(?:^|[_.])ts$|_at$|epoch/i
/** Share of the records, and of the values, that must hold a stamp. */
const MIN_SHARE = 0.8
const MAX_VALUES = 500

/** The best of the fields by name, then by depth and order; undefined when none has stamps throughout. */
export function findTime(fields: readonly FieldSample[], lines: number, year: number): FoundTime | undefined {
  const candidates = fields
    .filter(({ values }) => values.length >= lines * MIN_SHARE)
    .map((field) => ({ field, rank: rankOf(field.path) }))
    .sort((a, b) => a.rank - b.rank)
  const found = candidates.flatMap(({ field, rank }) => {
    const stamp = stampOf(field, rank, year)
    return stamp ? [{ ...stamp, field }] : []
  })
  const [best, ...others] = found
  return best && { ...best, doubts: [...best.doubts, ...fieldDoubt(best.field, others)] }
}

function stampOf({ values }: FieldSample, rank: number, year: number): FoundStamp | undefined {
  const texts = values.slice(0, MAX_VALUES).map((value) => value.text)
  const stamp = stampOfValues(texts, year)
  if (stamp && stamp.share >= MIN_SHARE) return stamp
  // A long number is a time only when its name says so.
  const epoch = rank < UNTOLD ? epochOfValues(texts) : undefined
  return epoch && epoch.share >= MIN_SHARE ? epoch : undefined
}

function fieldDoubt({ path }: FieldSample, others: readonly { field: FieldSample }[]): Doubt[] {
  const isUsual = NAMES.includes((path.at(-1) ?? '').toLowerCase())
  if (isUsual || others.length === 0) return []
  const names = others.slice(0, 3).map(({ field }) => field.path.join('.'))
  return [{ key: 'field', text: `Other fields hold times too: ${names.join(', ')}.` }]
}

const UNTOLD = 200

function rankOf(path: readonly string[]): number {
  const name = (path.at(-1) ?? '').toLowerCase()
  const place = NAMES.indexOf(name)
  const byName = place >= 0 ? place : TIME_LIKE.test(path.join('.')) ? 100 : UNTOLD
  return byName + path.length * 10
}
