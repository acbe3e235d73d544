/** Batches of a log as a relation of lines: offset, observed time, context, raw bytes; split as the archive splits them. */
import {
  BIGINT,
  BLOB,
  blobValue,
  type DuckDBPreparedStatement,
  type DuckDBValue,
  LIST,
  listValue,
  STRUCT,
  structValue,
  VARCHAR,
} from '@duckdb/node-api'
import type { StoredBatch } from '../ports/log.ts'
import { type LineRun, lineRuns } from './line-runs.ts'
import { hasReturns, LINE_SPLITS, splitOf } from './line-splits.ts'

const RUNS = LIST(
  STRUCT({ kind: VARCHAR, first: BIGINT, lines: BIGINT, observed_ms: BIGINT, context: VARCHAR, bytes: BLOB }),
)
const NEWLINE = 0x0a

/** Lines that are split in one way, were observed at one time and have one context. */
interface BatchRun {
  readonly kind: string
  readonly first: number
  readonly lines: number
  readonly observedMs: number
  readonly context: string | null
  readonly bytes: Buffer
}

/** Batches of one observed time and one context, one after another. */
interface Stretch {
  readonly observedMs: number
  readonly context: string | null
  readonly first: number
  readonly lines: number
  readonly bytes: Buffer
}

export class BatchLines {
  readonly #runs: readonly BatchRun[]
  readonly #fromOffset: number

  /** Lines below `fromOffset` are passed over. */
  constructor(batches: readonly StoredBatch[], fromOffset: number) {
    this.#runs = joinBatches(batches).flatMap(runsOf)
    this.#fromOffset = fromOffset
  }

  get bytes(): number {
    return this.#runs.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** Without line ends; undefined where only a look at the lines would tell. Those that are passed over count too. */
  get rawBytes(): number | undefined {
    if (this.#runs.some(({ kind }) => hasReturns(kind))) return undefined
    return this.#runs.reduce((sum, { bytes, lines }) => sum + bytes.length - (lines - 1), 0)
  }

  /**
   * SQL of the relation; the same for all batches whose lines are split in the same ways. A statement with it fails
   * when a run has other lines than it says. Rows come in order of offset where `isOrdered`.
   */
  relation(isOrdered = false): string {
    const kinds = [...new Set(this.#runs.map(({ kind }) => kind))].sort()
    const order = isOrdered && kinds.length > 1 ? ' ORDER BY "offset"' : ''
    const branches = (kinds.length > 0 ? kinds : ['text']).map((kind) => {
      const { list, bytes } = LINE_SPLITS[kind]!
      const count = `concat('a run of ', run.lines, ' lines from offset ', run.first, ' on was split into others')`
      const items = `SELECT run, ${list('run.bytes')} AS items FROM (SELECT unnest($1::${RUNS}) AS run) WHERE run.kind = '${kind}'`
      const checked = `SELECT run, CASE WHEN len(items) = run.lines THEN items ELSE error(${count}) END AS items FROM (${items})`
      const offset = 'run.first + generate_subscripts(items, 1) - 1 AS "offset"'
      return `SELECT ${offset}, run.observed_ms AS observed_ms, run.context AS context, ${bytes('unnest(items)')} AS raw FROM (${checked})`
    })
    return `(SELECT * FROM (${branches.join(' UNION ALL ')}) WHERE "offset" >= $2::BIGINT${order})`
  }

  bind(statement: DuckDBPreparedStatement): void {
    statement.bindList(1, listValue(this.#runs.map(runValue)), RUNS)
    statement.bindBigInt(2, BigInt(this.#fromOffset))
  }
}

function runValue({ kind, first, lines, observedMs, context, bytes }: BatchRun): DuckDBValue {
  return structValue({
    ...{ kind, first: BigInt(first), lines: BigInt(lines) },
    ...{ observed_ms: BigInt(observedMs), context, bytes: blobValue(bytes) },
  })
}

/** Runs go on where the one before them ends; the last has what is left. */
function runsOf({ observedMs, context, first, lines, bytes }: Stretch): BatchRun[] {
  const found = [...lineRuns({ bytes, isOneLine: lines === 1 })]
  let [at, left] = [first, lines]
  return found.map((run, place) => {
    const own = place === found.length - 1 ? left : countLines(run)
    const placed = { kind: splitOf(run), first: at, lines: own, observedMs, context, bytes: run.bytes }
    at += own
    left -= own
    return placed
  })
}

function countLines({ bytes }: LineRun): number {
  let lines = 1
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++
  return lines
}

/** Each run costs a little of its own, so batches of one time and one context go together. */
function joinBatches(batches: readonly StoredBatch[]): Stretch[] {
  const groups: StoredBatch[][] = []
  for (const batch of batches) {
    if (batch.endOffset === batch.firstOffset) continue
    const group = groups.at(-1)
    const joins =
      group?.at(0)?.observedMs === batch.observedMs &&
      group.at(0)?.context === batch.context &&
      group.at(-1)?.endOffset === batch.firstOffset
    if (joins) group?.push(batch)
    else groups.push([batch])
  }
  return groups.map((group) => ({
    observedMs: group[0]!.observedMs,
    context: group[0]!.context ?? null,
    first: group[0]!.firstOffset,
    lines: group.at(-1)!.endOffset - group[0]!.firstOffset,
    bytes: joinBytes(group.map(({ bytes }) => bytes)),
  }))
}

/** Without copying where they lie one behind another. */
function joinBytes(parts: readonly Uint8Array[]): Buffer {
  const { buffer, byteOffset } = parts[0]!
  let end = byteOffset
  for (const part of parts) {
    if (part.buffer !== buffer || part.byteOffset !== end) return Buffer.concat(parts)
    end += part.byteLength
  }
  return Buffer.from(buffer, byteOffset, end - byteOffset)
}
