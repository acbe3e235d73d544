/** `millrace init`: looks at the heads of log files and writes a definition that reads them. */

import { MillraceError } from '../../core/error.ts'
import { greatestOf, leastOf } from '../../core/extremes.ts'
import { chooseMetric } from './choose-metric.ts'
import { type FoundStamp, stampInLines } from './find-stamp.ts'
import { findTime } from './find-time.ts'
import { findShape } from './line-shape.ts'
import { nameFields } from './name-fields.ts'
import { printDefinition, type SourceChoice } from './print-definition.ts'
import { readJsonLines } from './read-json.ts'
import { readAccessLog, readDelimited, readLogfmt } from './read-text.ts'
import { FieldGatherer, type RecordSample } from './record-sample.ts'
import { type Sample, sampleLines } from './sample-lines.ts'

/**
 * The text of a commented millrace.yaml, one source for each kind of file. The same samples give the same text.
 * Throws SNIFF_EMPTY_FILE, SNIFF_BINARY_FILE or SNIFF_NO_TIME for a file that no definition can be made for.
 */
export function sniffFiles(samples: readonly Sample[]): string {
  if (samples.length === 0) throw new MillraceError('SNIFF_NO_FILES')
  const groups = new Map<string, Sniffed[]>()
  for (const sniffed of samples.map(sniffFile)) {
    const group = groups.get(kindOf(sniffed)) ?? []
    groups.set(kindOf(sniffed), [...group, sniffed])
  }
  const takeName = sourceNames()
  return printDefinition([...groups.values()].map((group) => describe(group, takeName)))
}

interface Sniffed {
  readonly sample: Sample
  readonly lines: readonly string[]
  readonly records: RecordSample
  readonly time: FoundStamp & { readonly path: readonly string[] }
  readonly year: number
}

/** Enough to tell formats and stamps apart; types look at all lines. */
const LOOKED_AT = 1000

function sniffFile(sample: Sample): Sniffed {
  const lines = sampleLines(sample)
  const year = yearOf(sample)
  const found = readFields(lines, year) ?? readStamps(lines, year)
  if (!found) throw new MillraceError('SNIFF_NO_TIME', { file: sample.name })
  return { sample, lines, year, ...found }
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

/** Any other lines, as long as some hold a stamp: a stack trace has one for many lines. */
function readStamps(lines: readonly string[], year: number): Found | undefined {
  const stamp = stampInLines(lines.slice(0, LOOKED_AT), year)
  if (!stamp || stamp.share < MIN_STAMPED) return undefined
  const shape = findShape(lines, stamp.form, year)
  const gatherer = new FieldGatherer()
  let count = 0
  for (const line of lines) {
    const groups = shape.read(line)
    if (groups) count++
    for (const [name, text] of groups ?? []) gatherer.add([name], { kind: 'text', text })
  }
  const format = { kind: 'pattern', pattern: shape.pattern } as const
  const records = { format, lines: count, fields: gatherer.fields }
  return { records, time: { ...stamp, path: ['time'] } }
}

const MIN_STAMPED = 0.02

/** A year in the file's name, else that of its last change, else this one. */
function yearOf({ name, modifiedMs }: Sample): number {
  const told = /(?:^|\D)(20\d\d)(?=\D|[01]\d[0-3]\d|$)/.exec(name)?.[1]
  return told === undefined ? new Date(modifiedMs ?? Date.now()).getUTCFullYear() : Number(told)
}

/** Files of one kind make one source. */
function kindOf({ records, time, year }: Sniffed): string {
  const { form, path } = time
  return JSON.stringify([records.format, form.layout, path, form.needsYear ? year : 0])
}

function describe(group: readonly Sniffed[], takeName: (file: string) => string): SourceChoice {
  const [first] = group as [Sniffed, ...Sniffed[]]
  const { form, path } = first.time
  const records = mergeRecords(group)
  const named = nameFields(records, path)
  const name = takeName(first.sample.name)
  const spanMs =
    greatestOf(group.map(({ time }) => time.lastMs)) - leastOf(group.map(({ time }) => time.firstMs))
  const year = form.needsYear ? { year: first.year } : {}
  return {
    ...{ name, files: group.map(({ sample }) => sample.name), format: records.format, ...named },
    time: { path, layout: form.layout, ...year },
    metric: chooseMetric(name, named.fields, { lines: records.lines, spanMs }),
    lines: group.reduce((total, { lines }) => total + lines.length, 0),
    readable: records.lines,
  }
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
