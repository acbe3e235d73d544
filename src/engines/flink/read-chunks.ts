/** Closed chunks of a source: what a partition observed in one span of time, which can only grow until that is over. */
import type { Log, LogRecords, RecordRun } from '../../ports/log.ts'
import type { Expected } from './partial-rows.ts'

export interface SourceChunk {
  readonly number: number
  readonly firstOffset: number
  readonly endOffset: number
  readonly observedMs: number
  readonly runs: readonly RecordRun[]
}

type NumberOf = (run: RecordRun) => number

/** Of so many bytes of lines at once, and one chunk at least. */
const MOST_BYTES = 64 * 1024 * 1024

/** Those that follow the offset, as far as the clock is past their end; lines of one chunk follow one another. */
export function closedChunks(log: Log, source: string, fromOffset: number, chunkMs: number): SourceChunk[] {
  const records = log.records?.(source)
  if (!records) return []
  const { clockMs } = log.end(source)
  const numberOf = ({ observedMs }: RecordRun) => Math.floor(observedMs / chunkMs)
  const chunks = cut(runsFrom(records, fromOffset, numberOf), numberOf)
  return chunks.filter(({ number }) => (number + 1) * chunkMs <= clockMs)
}

/** Whole chunks: one that runs over the limit is read further. */
function runsFrom(records: LogRecords, fromOffset: number, numberOf: NumberOf): RecordRun[] {
  const runs = [...records.runs(fromOffset, MOST_BYTES)]
  for (;;) {
    const last = runs.at(-1)
    if (!last) return runs
    const more = records.runs(last.firstOffset + last.lines, 1)[0]
    if (!more || numberOf(more) !== numberOf(last)) return runs
    runs.push(more)
  }
}

function cut(runs: readonly RecordRun[], numberOf: NumberOf): SourceChunk[] {
  const groups: RecordRun[][] = []
  for (const run of runs) {
    const group = groups.at(-1)
    if (group && numberOf(group[0]!) === numberOf(run)) group.push(run)
    else groups.push([run])
  }
  return groups.map((group) => {
    const [first, last] = [group[0]!, group.at(-1)!]
    return {
      number: numberOf(first),
      firstOffset: first.firstOffset,
      endOffset: last.firstOffset + last.lines,
      observedMs: first.observedMs,
      runs: group,
    }
  })
}

/** By partition, what a chunk must have of it. */
export function expectedByPartition({ runs }: SourceChunk): Map<number, Expected> {
  const expected = new Map<number, Expected>()
  for (const { partition, lines, firstRecord, endRecord } of runs) {
    const known = expected.get(partition)
    expected.set(partition, {
      lines: lines + (known?.lines ?? 0),
      firstRecord: Math.min(firstRecord, known?.firstRecord ?? firstRecord),
      endRecord: Math.max(endRecord, known?.endRecord ?? endRecord),
    })
  }
  return expected
}

/** Then the place of a record tells that of its line. */
export function hasLineARecord({ runs }: SourceChunk): boolean {
  return runs.every(({ firstRecord, endRecord, lines }) => endRecord - firstRecord === lines)
}
