/** Which form of stamp a column of values has, or stands somewhere in lines. */
import { STAMP_FORMS, type StampForm } from './stamp.ts'

export interface FoundStamp {
  readonly form: StampForm
  /** Share of the texts that have it. */
  readonly share: number
  readonly firstMs: number
  readonly lastMs: number
}

/** The form that most of the values have from end to end. */
export function stampOfValues(values: readonly string[], year: number): FoundStamp | undefined {
  return best(values, year, (form) => new RegExp(`^(?:${form.regex})$`))
}

/** The form that most lines hold somewhere, not within a longer number or word. */
export function stampInLines(lines: readonly string[], year: number): FoundStamp | undefined {
  return best(lines, year, (form) => new RegExp(`${before(form)}(?:${form.regex})(?!\\d)`))
}

/** glog writes the level's letter right before the date, and its four digits are too little to go by elsewhere. */
function before(form: StampForm): string {
  return form.layout.startsWith('%m%d') ? '(?<=^[IWEF])' : '(?<![A-Za-z\\d.-])'
}

function best(
  texts: readonly string[],
  year: number,
  makeRegex: (form: StampForm) => RegExp,
): FoundStamp | undefined {
  let found: FoundStamp | undefined
  for (const form of STAMP_FORMS) {
    const regex = makeRegex(form)
    const stamps = texts.flatMap((text) => {
      const match = regex.exec(text)
      const ms = match ? form.toMs(match[0], year) : undefined
      return ms === undefined ? [] : [ms]
    })
    const share = stamps.length / texts.length
    if (share > (found?.share ?? 0) + 0.02) found = { form, share, ...spanOf(stamps) }
  }
  return found
}

function spanOf(stamps: readonly number[]): { firstMs: number; lastMs: number } {
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const ms of stamps) {
    firstMs = Math.min(firstMs, ms)
    lastMs = Math.max(lastMs, ms)
  }
  return { firstMs, lastMs }
}
