/** What `init` makes of one head: what it guessed and said, and the instants that its definition reads from the lines. */

import type { Source } from '../../src/core/definition.ts'
import { MillraceError } from '../../src/core/error.ts'
import { type Sample, sampleLines } from '../../src/define/sniff/sample-lines.ts'
import { sniffFiles } from '../../src/define/sniff/sniff-files.ts'
import { parseLines } from '../formats/parse-lines.ts'
import { defineText } from '../pipeline.ts'

export interface SurveyRow {
  readonly file: string
  readonly verdict: 'right' | 'said' | 'cannot tell' | 'no time'
  readonly format?: string
  readonly layout?: string
  readonly said: readonly string[]
  readonly lines?: number
  readonly read?: number
  readonly zone?: string
  readonly year?: number
  /** The earliest and the latest instant, each with the text that it was read from. */
  readonly first?: readonly [text: string, instant: string]
  readonly last?: readonly [text: string, instant: string]
}

export async function surveyHead(sample: Sample): Promise<SurveyRow> {
  const file = sample.name
  try {
    const { text, guesses, undecided } = sniffFiles([sample])
    const whys = undecided.map(({ why }) => why)
    if (whys.length > 0) return { file, verdict: 'cannot tell', said: whys }
    const said = guesses.map((guess) => guess.text)
    const [source] = [...defineText(text).sources.values()]
    return {
      ...{ file, verdict: said.length > 0 ? 'said' : 'right', said },
      ...(await readWith(source!, sample)),
    }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { file, verdict: 'no time', said: [error.code] }
  }
}

async function readWith({ format, time, nullTexts }: Source, sample: Sample): Promise<Partial<SurveyRow>> {
  const lines = sampleLines(sample)
  const { layout, path, zone, year } = time
  // As `ingest` does, the last change of the file dates stamps without a year.
  // A JSON number with a fraction has no text of its own.
  const type = format.kind === 'json' && layout.kind === 'epoch_s' ? 'decimal(6)' : 'string'
  const parsed = await parseLines(
    {
      format,
      layout,
      zone,
      time: path,
      nullTexts,
      fields: { raw: [type, ...path] },
      ...(year && { year }),
      observedMs: Math.floor(sample.modifiedMs ?? Date.now()),
    },
    lines,
  )
  const read = parsed
    .filter(({ time }) => time !== null)
    .sort((a, b) => Number(a.eventMs! - b.eventMs!))
    .map(({ time, fields }) => [fields.raw!, time!] as const)
  return {
    ...{ format: format.kind, layout: layout.kind === 'strptime' ? layout.format : layout.kind, zone },
    ...{ lines: lines.length, read: read.length },
    ...(year && { year }),
    ...(read.length > 0 && { first: read[0]!, last: read.at(-1)! }),
  }
}
