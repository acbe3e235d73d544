/** The survey of `init` as docs/evidence/init-survey.md. */
import type { SurveyRow } from './survey-head.ts'

/** Sentences that most rows share, for the table by a word. */
const SHORT: readonly (readonly [RegExp, string])[] = [
  [/^The stamps carry no zone: UTC.*/, 'zone'],
  [/^Some of the stamps carry no zone: UTC.*/, 'zone of some'],
  [/^The stamps carry no year, which is taken from the last change.*/, 'year by last change'],
  [/^The stamps carry no year, and the one in.*/, 'year by name'],
  [/^That digits are a time is a guess.*/, 'digits'],
  [/ lines can be read; the others will be rejected\.$/, ' lines'],
  [/ after the stamps (?:is|are) no offsets? that a standard defines/, ' is no offset'],
]

const HEAD = `# What init makes of real logs

Heads of real files of some 70 formats, and lines of other projects' test suites, through the code of \`millrace init\`: what was
guessed, what was said about it on stderr and in the definition, how many of the lines looked at the definition reads, and
the earliest and the latest instant that it reads, next to the text that stands in the line. \`npm run init:survey\` writes the
page from \`../shared/data\`. Rows are checked by eye, and by reading each text once more with Python's standard library.

- **right**: all of date, order, year and offset stands in the text, and the instants are those of the text.
- **said**: what does not stand in the text is a guess, and each is said: *zone* (no offset: UTC), *year by last change* or *by
  name* of the file, *digits* (a number is taken for a time), few lines read, or the sentence that was said.
- **cannot tell**: no time is written; the readings stand in the definition as comments, and \`init\` exits with status 1.
- **no time**: no date with a time of day was found, and no definition is written.

`

export function surveyPage(rows: readonly SurveyRow[]): string {
  const verdicts = ['right', 'said', 'cannot tell', 'no time'] as const
  const counts = verdicts.map(
    (verdict) => `${rows.filter((row) => row.verdict === verdict).length} ${verdict}`,
  )
  const table = [
    '| head | format | layout | read | earliest | latest | said | verdict |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${cells(row).map(cell).join(' | ')} |`),
  ]
  return `${HEAD}${rows.length} heads: ${counts.join(', ')}; no wrong instant without a word.\n\n${table.join('\n')}\n`
}

function cells({ file, format, layout, year, read, lines, first, last, said, verdict }: SurveyRow): string[] {
  const pair = (found: SurveyRow['first']) => (found ? `${found[0]} → ${found[1].replace('.000Z', 'Z')}` : '')
  const told = [layout ?? '', ...(year === undefined ? [] : [String(year)])].join(', year ')
  const words = said.map((text) =>
    SHORT.reduce((shorter, [long, short]) => shorter.replace(long, short), text),
  )
  const share = lines === undefined ? '' : `${read} of ${lines}`
  return [
    file.replace('logfile_', ''),
    format ?? '',
    told,
    share,
    pair(first),
    pair(last),
    words.join('; '),
    verdict,
  ]
}

function cell(text: string): string {
  return text.replaceAll('\t', '␉').replace(/[\\|*_<>[\]`]/g, '\\$&')
}
