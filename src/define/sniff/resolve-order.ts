/** Which of a date's numbers is the day, the month and the year: proven by the stamps, usual, or left open. */
import type { Doubt, TimeOption, Undecided } from './doubt.ts'
import type { DateOrder, Stamp } from './scan-stamps.ts'
import { formOf, type StampForm } from './stamp.ts'

interface Resolved {
  readonly form: StampForm
  readonly doubts: readonly Doubt[]
  readonly undecided?: Undecided
}

/** The stamps are of one form. Undefined when they name no times. */
export function resolveOrder(stamps: readonly Stamp[], year: number): Resolved | undefined {
  const forms = stamps[0]!.layouts.map((layout) => {
    const form = formOf(layout)
    return { form, layout, fits: stamps.filter(({ text }) => form.toMs(text, year) !== undefined).length }
  })
  const most = forms.reduce((size, { fits }) => Math.max(size, fits), 0)
  const likely = forms.filter(({ fits }) => fits === most)
  const [first] = likely
  if (!first || most === 0) return undefined
  const { form } = first
  if (likely.length === 1) return { form, doubts: [] }
  const { order, text } = stamps[0]!
  const usual = first === forms[0] ? usualBy(order, stamps) : undefined
  if (usual)
    return { form, doubts: [{ key: 'layout', text: `${usual}, which no stamp of the sample proves.` }] }
  const options = likely.map(
    ({ form, layout }): TimeOption => ({ layout: form.layout, note: noteOf(form, layout, text, year) }),
  )
  const readings = options.map(({ note }) => note.split(':')[0])
  return {
    form,
    doubts: [],
    undecided: {
      why: `${JSON.stringify(text)} may be ${readings.join(' or ')} first, and no stamp of the sample tells`,
      options,
    },
  }
}

/** A usual pattern of log4j: yy/MM/dd, then the level and the logger. */
const LOG4J = /^ +(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +[\w.$]+:/

/** Why the first reading is the usual one; undefined when others are as usual. */
function usualBy(order: DateOrder, stamps: readonly Stamp[]): string | undefined {
  if (order === 'dots') return 'The day is taken to come first, as is usual with dots'
  if (order === 'packed') return 'The year is taken to come first, as is usual without marks between'
  if (order === 'logcat') return 'The month is taken to come first, as in logcat'
  const isLog4j = order === 'short_slashes' && stamps.every(({ rest }) => LOG4J.test(rest))
  return isLog4j
    ? 'The year is taken to come first, as is usual before a level and a logger of log4j'
    : undefined
}

function noteOf(form: StampForm, layout: string, text: string, year: number): string {
  const first = { d: 'day', m: 'month', y: 'year' }[/%([dmy])/.exec(layout)?.[1] ?? 'd']
  const ms = form.toMs(text, year)
  return `${first}: ${text} is ${ms === undefined ? 'no time' : new Date(ms).toISOString().slice(0, 10)}`
}
