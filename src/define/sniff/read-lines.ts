/** Lines without named fields: a stamp somewhere in them, and a pattern around it. */
import type { Undecided } from './doubt.ts'
import { epochInLines } from './find-epoch.ts'
import { type FoundStamp, stampInLines } from './find-stamp.ts'
import { findShape, type LineShape } from './line-shape.ts'
import { FieldGatherer, type RecordSample } from './record-sample.ts'
import { scanStamps } from './scan-stamps.ts'

/** Enough to tell formats and stamps apart; types look at all lines. */
const LOOKED_AT = 1000
const MIN_STAMPED = 0.02
/** What W3C logs say about themselves: `#Date: …` is no record. */
const DIRECTIVE = /^#[A-Z][A-Za-z-]*:/

/** As long as some lines hold a stamp: a stack trace has one for many lines. */
export function readStampedLines(
  lines: readonly string[],
  year: number,
): { readonly records: RecordSample; readonly time: FoundStamp } | undefined {
  const records = lines.filter((line) => !DIRECTIVE.test(line))
  const stamp = findStamp(records.slice(0, LOOKED_AT), year)
  if (!stamp || stamp.share < MIN_STAMPED) return undefined
  const shape = findShape(records, stamp.form, year)
  const gatherer = new FieldGatherer()
  let count = 0
  for (const line of records) {
    const groups = shape.read(line)
    if (groups) count++
    for (const [name, text] of groups ?? []) gatherer.add([name], { kind: 'text', text })
  }
  const format = { kind: 'pattern', pattern: shape.pattern } as const
  const undecided =
    stamp.undecided ?? cutStamps(records, shape) ?? headerOffset(lines, stamp) ?? strayStamps(records, stamp)
  return {
    records: { format, lines: count, fields: gatherer.fields },
    time: { ...stamp, ...(undecided && { undecided }) },
  }
}

const HALF_DAY_MS = 14 * 3_600_000

/** Digits at a fixed place beat a date only where no date stands, or to confirm one without a zone. */
function findStamp(lines: readonly string[], year: number): FoundStamp | undefined {
  const [date, epoch] = [stampInLines(lines, year), epochInLines(lines)]
  if (!date || !epoch) return date ?? epoch
  if (epoch.undecided) return date.share >= MIN_STAMPED ? date : epoch
  const isFar =
    Math.max(Math.abs(epoch.firstMs - date.firstMs), Math.abs(epoch.lastMs - date.lastMs)) > HALF_DAY_MS
  const isAgreed = !isFar && !date.form.hasZone && Math.abs(epoch.share - date.share) < MIN_STAMPED
  if (isAgreed && date.doubts.some(({ key }) => key === 'zone')) return { ...epoch, doubts: [] }
  return epoch.share > date.share + MIN_STAMPED ? epoch : date
}

/** Where the pattern reads only a part of a stamp, what it leaves out would be lost without a word. */
function cutStamps(lines: readonly string[], shape: LineShape): Undecided | undefined {
  for (const line of lines.slice(0, LOOKED_AT)) {
    const text = shape.read(line)?.get('time')
    if (text === undefined) continue
    const longer = scanStamps(line).find((stamp) => stamp.text !== text && stamp.text.includes(text))
    if (!longer || scanStamps(line).some((stamp) => stamp.text === text)) continue
    const [usual, odd] = [JSON.stringify(text), JSON.stringify(longer.text)]
    const why = `its stamps have more than one form: most are such as ${usual}, but there is ${odd}, of which a part would be lost`
    return { why, options: [] }
  }
  return undefined
}

/** Some W3C logs name an offset in their header, and whether their times are local or not differs by product. */
function headerOffset(lines: readonly string[], { form, doubts }: FoundStamp): Undecided | undefined {
  const header = lines.find((line) => /^#GMT-Offset: *[+-]\d{4}/.test(line))
  const [, hours, minutes] = /([+-]\d\d)(\d\d)/.exec(header ?? '') ?? []
  if (hours === undefined || !doubts.some(({ key }) => key === 'zone')) return undefined
  const { layout } = form
  return {
    why: `its header says ${header}, and its stamps may be local times or UTC`,
    options: [
      { layout, zone: `${hours}:${minutes}`, note: 'if the times are local' },
      { layout, zone: 'UTC', note: 'if they are UTC' },
    ],
  }
}

/** Dates that stand after other words in few of the lines are rather what the lines tell of. */
function strayStamps(lines: readonly string[], { form, share, doubts }: FoundStamp): Undecided | undefined {
  if (share >= 0.5) return undefined
  const regex = new RegExp(form.regex)
  const places = lines.slice(0, LOOKED_AT).map((line) => regex.exec(line))
  const stamps = places.filter((match) => match !== null)
  const first = stamps.filter(
    ({ input, index }) => !/\w/.test(input.slice(0, index).replace(/^<\d+>(?:\d+ )?/, '')),
  )
  if (first.length >= stamps.length / 2) return undefined
  const zone = doubts.some(({ key }) => key === 'zone') ? { zone: 'UTC' } : {}
  return {
    why: `only ${stamps.length} of ${lines.length} lines hold a date, such as ${JSON.stringify(stamps[0]![0])}, within their text`,
    options: [{ layout: form.layout, ...zone, note: 'if that is when the line was written' }],
  }
}
