/** Numbers since 1970 as stamps: long digits are often ids, so their place, name or fraction must tell. */
import type { Doubt } from './doubt.ts'
import { type FoundStamp, spanOf } from './find-stamp.ts'
import type { StampForm } from './stamp.ts'

/** 2000 to 2100: outside, a long number is more likely an id. */
const RANGE_S = [946_684_800, 4_102_444_800] as const

const EPOCHS: readonly StampForm[] = [
  makeEpoch('epoch_s', '\\d{10}(?:\\.\\d{1,9})?', 1),
  makeEpoch('epoch_ms', '\\d{13}(?:\\.\\d{1,9})?', 1000),
  makeEpoch('epoch_us', '\\d{16}', 1e6),
  makeEpoch('epoch_ns', '\\d{19}', 1e9),
]

function makeEpoch(layout: string, regex: string, perSecond: number): StampForm {
  return {
    ...{ layout, regex, needsYear: false, hasZone: true },
    toMs: (text) => {
      const seconds = Number(text) / perSecond
      return seconds >= RANGE_S[0] && seconds <= RANGE_S[1] ? seconds * 1000 : undefined
    },
  }
}

/** The unit that most of the values fit from end to end; whether the field is a time at all is for its name to say. */
export function epochOfValues(values: readonly string[]): FoundStamp | undefined {
  const found = EPOCHS.map((form) => {
    const whole = new RegExp(`^(?:${form.regex})$`)
    return { form, instants: values.flatMap((text) => (whole.test(text) ? (form.toMs(text, 0) ?? []) : [])) }
  })
  const best = found.reduce((a, b) => (b.instants.length > a.instants.length ? b : a))
  if (best.instants.length === 0) return undefined
  return {
    form: best.form,
    share: best.instants.length / values.length,
    ...spanOf(best.instants),
    doubts: [],
  }
}

/** A name right before the digits that makes them a time. */
const NAMED = /(?<![A-Za-z])(?:ts|t|at|date|epoch|[A-Za-z_-]{0,40}time(?:_?stamp)?)["']?\s?[:=]\s?["']?$/i

interface Found {
  readonly at: number
  readonly text: string
  readonly ms: number
  readonly isTelling: boolean
}

/** The first number of the unit in each line. Undecided when nothing but its length makes it a time. */
export function epochInLines(lines: readonly string[]): (FoundStamp & { readonly at: number }) | undefined {
  const found = EPOCHS.map((form) => {
    const regex = new RegExp(`(?<![\\w./-])(?:${form.regex})(?![\\w:/-]|\\.\\d)`)
    return { form, stamps: lines.flatMap((line) => stampOf(regex, form, line) ?? []) }
  })
  const { form, stamps } = found.reduce((a, b) => (b.stamps.length > a.stamps.length ? b : a))
  if (stamps.length === 0) return undefined
  const [{ text, ms, at }] = stamps as [Found, ...Found[]]
  const reading = `${text} is ${new Date(ms).toISOString()}`
  const isTelling = stamps.filter((stamp) => stamp.isTelling).length >= stamps.length * 0.95
  const doubt: Doubt = { key: 'layout', text: `That digits are a time is a guess: ${reading}.` }
  const undecided = {
    why: `digits such as ${text} may be times or something else`,
    options: [{ layout: form.layout, note: `if they are times: ${reading}` }],
  }
  return {
    ...{ form, at, share: stamps.length / lines.length, ...spanOf(stamps.map((stamp) => stamp.ms)) },
    ...(isTelling ? { doubts: [doubt] } : { doubts: [], undecided }),
  }
}

function stampOf(regex: RegExp, form: StampForm, line: string): Found | undefined {
  const match = regex.exec(line)
  const ms = match ? form.toMs(match[0], 0) : undefined
  if (!match || ms === undefined) return undefined
  const [text, before] = [match[0], line.slice(0, match.index)]
  const isTelling = !/\w/.test(before) || NAMED.test(before.slice(-64)) || text.includes('.')
  return { at: match.index, text, ms, isTelling }
}
