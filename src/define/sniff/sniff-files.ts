/** `millrace init`: looks at the heads of log files and writes a definition that reads them. */

import { MillraceError } from '../../core/error.ts'
import { greatestOf, leastOf } from '../../core/extremes.ts'
import { chooseMetric } from './choose-metric.ts'
import { chooseYear, yearHint } from './choose-year.ts'
import type { Doubt } from './doubt.ts'
import type { FoundStamp } from './find-stamp.ts'
import { findTime } from './find-time.ts'
import { nameFields } from './name-fields.ts'
import { printDefinition, type SourceChoice } from './print-definition.ts'
import { readJsonLines } from './read-json.ts'
import { readStampedLines } from './read-lines.ts'
import { readAccessLog, readDelimited, readLogfmt } from './read-text.ts'
import { FieldGatherer, type RecordSample } from './record-sample.ts'
import { type Sample, sampleLines } from './sample-lines.ts'

export interface SniffedDefinition {
  /** A commented millrace.yaml. */
  readonly text: string
  /** Sentences on what the samples do not prove. */
  readonly guesses: readonly { readonly source: string; readonly text: string }[]
  /** Sources whose time could not be told: the text leaves it out and lists what there is to choose from. */
  readonly undecided: readonly { readonly source: string; readonly why: string }[]
}

/**
 * A definition with one source for each kind of file. The same samples give the same text.
 * Throws SNIFF_EMPTY_FILE, SNIFF_BINARY_FILE or SNIFF_NO_TIME for a file that no definition can be made for.
 */
export function sniffFiles(samples: readonly Sample[]): SniffedDefinition {
  if (samples.length === 0) throw new MillraceError('SNIFF_NO_FILES')
  const groups = new Map<string, Sniffed[]>()
  for (const sniffed of samples.map(sniffFile)) {
    const group = groups.get(kindOf(sniffed)) ?? []
    groups.set(kindOf(sniffed), [...group, sniffed])
  }
  const takeName = sourceNames()
  const sources = [...groups.values()].map((group) => describe(group, takeName))
  return {
    text: printDefinition(sources),
    guesses: sources.flatMap(({ name, time, remarks }) =>
      [...remarks, ...(time.undecided ? [] : time.doubts.map(({ text }) => text))].map((text) => ({
        source: name,
        text,
      })),
    ),
    undecided: sources.flatMap(({ name, time }) =>
      time.undecided ? [{ source: name, why: time.undecided.why }] : [],
    ),
  }
}

interface Sniffed {
  readonly sample: Sample
  readonly lines: readonly string[]
  readonly records: RecordSample
  readonly time: FoundStamp & { readonly path: readonly string[] }
  /** Of the first line, where stamps carry none and something says it. */
  readonly year?: number
}

function sniffFile(sample: Sample): Sniffed {
  const lines = sampleLines(sample)
  const hint = yearHint(sample)
  // Only lengths of time matter before the year is chosen, and 29 February must be a day.
  const leap = hint - (hint % 4)
  const found = readFields(lines, leap) ?? readLines(lines, leap)
  if (!found) throw new MillraceError('SNIFF_NO_TIME', { file: sample.name })
  const { time } = found
  if (!time.form.needsYear) return { sample, lines, ...found }
  const { year, isTold, doubts } = chooseYear(sample, lines, time.form)
  const dated = { ...time, doubts: [...time.doubts, ...doubts] }
  return { sample, lines, ...(isTold && { year }), ...found, time: dated }
}

type Found = Pick<Sniffed, 'records' | 'time'>

/** Formats with named fields, of which one must hold the time. */
function readFields(lines: readonly string[], year: number): Found | undefined {
  for (const read of [readJsonLines, readAccessLog, readLogfmt, readDelimited]) {
    const records = read(lines)
    const time = records && findTime(records.fields, records.lines, year)
    if (records && time) return { records, time: { ...time, path: time.field.path } }
  }
  return undefined
}

function readLines(lines: readonly string[], year: number): Found | undefined {
  const found = readStampedLines(lines, year)
  return found && { records: found.records, time: { ...found.time, path: ['time'] } }
}

/** Files of one kind make one source. */
function kindOf({ records, time, year }: Sniffed): string {
  const { form, path, undecided } = time
  return JSON.stringify([records.format, form.layout, path, year ?? 0, undecided?.options])
}

function describe(group: readonly Sniffed[], takeName: (file: string) => string): SourceChoice {
  const [first] = group as [Sniffed, ...Sniffed[]]
  const { form, path, undecided } = first.time
  const records = mergeRecords(group)
  const named = nameFields(records, path)
  const name = takeName(first.sample.name)
  const spanMs =
    greatestOf(group.map(({ time }) => time.lastMs)) - leastOf(group.map(({ time }) => time.firstMs))
  const lines = group.reduce((total, { lines }) => total + lines.length, 0)
  const year = first.year === undefined ? {} : { year: first.year }
  return {
    ...{ name, files: group.map(({ sample }) => sample.name), format: records.format, ...named },
    time: { path, layout: form.layout, ...year, doubts: doubtsOf(group), ...(undecided && { undecided }) },
    metric: chooseMetric(name, named.fields, { lines: records.lines, spanMs }),
    ...{ lines, readable: records.lines },
    remarks:
      records.lines < lines * 0.5
        ? [`Only ${records.lines} of ${lines} lines can be read; the others will be rejected.`]
        : [],
  }
}

/** Each guess once, for whichever file it was made. */
function doubtsOf(group: readonly Sniffed[]): Doubt[] {
  const doubts = group.flatMap(({ time }) => time.doubts)
  return [...new Map(doubts.map((doubt) => [doubt.key + doubt.text, doubt])).values()]
}

function mergeRecords(group: readonly Sniffed[]): RecordSample {
  const gatherer = new FieldGatherer()
  for (const { records } of group)
    for (const { path, values } of records.fields) for (const value of values) gatherer.add(path, value)
  const lines = group.reduce((total, { records }) => total + records.lines, 0)
  return { format: group[0]!.records.format, lines, fields: gatherer.fields }
}

/** A source's name from a file's: `/var/log/access-2.log.gz` → `access`. */
function sourceNames(): (file: string) => string {
  const taken = new Set<string>()
  return (file) => {
    const base = file.split(/[/\\]/).at(-1) ?? ''
    const stem = base
      .replace(/(?:\.(?:gz|log|txt|jsonl?|ndjson|csv|tsv|out|\d+))+$/i, '')
      .replace(/[-_.]?\d+k?$/, '')
    const safe = stem
      .replace(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .replace(/^(?=\d)/, '_')
      .slice(0, 40)
    const wanted = safe === '' || safe === '__proto__' ? 'logs' : safe
    let name = wanted
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}_${number}`
    taken.add(name.toLowerCase())
    return name
  }
}
