/** The year of stamps that carry none: from other stamps of the same lines, the file's name, or its last change. */
import type { Doubt } from './doubt.ts'
import type { Sample } from './sample-lines.ts'
import { scanStamps } from './scan-stamps.ts'
import { formOf, type StampForm } from './stamp.ts'

/** A year in the file's name, else that of its last change, else this one. */
export function yearHint({ name, modifiedMs }: Sample): number {
  return yearInName(name) ?? new Date(modifiedMs ?? Date.now()).getUTCFullYear()
}

function yearInName(name: string): number | undefined {
  const told = /(?:^|\D)(20\d\d)(?=\D|[01]\d[0-3]\d|$)/.exec(name)?.[1]
  return told === undefined ? undefined : Number(told)
}

const DAY_MS = 86_400_000

/**
 * The year of the first line, and whether something says so; `ingest` dates other files by their last change. `lines` are
 * those that hold the stamps.
 */
export function chooseYear(
  sample: Sample,
  lines: readonly string[],
  form: StampForm,
): { readonly year: number; readonly isTold: boolean; readonly doubts: readonly Doubt[] } {
  const told = yearInLines(lines, form)
  if (told !== undefined) return { year: told, isTold: true, doubts: [] }
  const hint = yearHint(sample)
  if (yearInName(sample.name) !== undefined)
    return { year: hint, isTold: true, doubts: [{ key: 'year', text: FROM_NAME }] }
  const latestMs = (sample.modifiedMs ?? Date.now()) + DAY_MS
  const texts = lines.flatMap(
    (line) => scanStamps(line).find((stamp) => isOf(stamp.layouts, form))?.text ?? [],
  )
  const isPossible = (year: number): boolean =>
    texts.every((text) => {
      const ms = form.toMs(text, year)
      return ms !== undefined && ms <= latestMs
    })
  const year = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((back) => hint - back).find(isPossible) ?? hint
  return { year, isTold: false, doubts: [{ key: 'layout', text: fromChange(year) }] }
}

const FROM_NAME = "The stamps carry no year, and the one in the file's name is a guess."
const fromChange = (year: number): string =>
  `The stamps carry no year, which is taken from the last change of each file: ${year} here.`

/** The only year that full stamps on the same day have in lines with a short one. */
function yearInLines(lines: readonly string[], form: StampForm): number | undefined {
  const years = new Set<number>()
  for (const line of lines) {
    const stamps = scanStamps(line)
    const short = stamps.find(({ layouts }) => isOf(layouts, form))
    for (const { text, layouts, order } of short && stamps.length > 1 ? stamps : []) {
      const full = formOf(layouts[0]!)
      const ms = full.needsYear || order !== 'told' ? undefined : full.toMs(text, 0)
      const year = ms === undefined ? undefined : new Date(ms).getUTCFullYear()
      const isSame = year !== undefined && Math.abs(form.toMs(short!.text, year)! - ms!) <= DAY_MS
      if (isSame) years.add(year)
    }
  }
  return years.size === 1 ? [...years][0] : undefined
}

function isOf(layouts: readonly string[], form: StampForm): boolean {
  return layouts.some((layout) => formOf(layout).layout === form.layout)
}
