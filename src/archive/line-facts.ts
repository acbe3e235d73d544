/** What is kept beside the lines of an input: its facts, and the years of its stamps where they carry none. */
import { printContext } from '../core/line-context.ts'
import type { IngestInput, IngestYears } from '../ports/archive.ts'
import { YearSequence, type YearState } from './year-sequence.ts'

export interface LineFacts {
  readonly years?: Pick<IngestYears, 'stamps'> & { readonly sequence: YearSequence }
  /** Of lines of this year; without one, of the line that is next. */
  context(year?: number): string | null
}

/** `since` is where the years of the lines before ended, if some were taken earlier. */
export function lineFacts(
  { facts }: IngestInput,
  years: IngestYears | undefined,
  since?: YearState,
): LineFacts {
  if (!years) return { context: () => (facts ? printContext(facts) : null) }
  const sequence = new YearSequence(since ?? { year: years.first })
  const stamps = (lines: string) => years.stamps(lines)
  return {
    years: { sequence, stamps },
    context: (year = sequence.year) => printContext({ ...facts, year }),
  }
}
