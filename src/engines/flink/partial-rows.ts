/** Rows that the job wrote, by chunk: of rows with one key the one that tells of most records. */
import type { SourcePlan } from '../../core/plan.ts'
import { layOut, NULL_DIMENSION, PASSED, type RowLayout, UNCOUNTED } from './row-layout.ts'

/** As the topic's JSON has it; see row-layout.ts. */
export interface Row {
  readonly e: string
  readonly t: string
  readonly p: number
  readonly c: number
  readonly b: number
  readonly w: number
  readonly n: number
  readonly [slot: string]: string | number | null
}

/** Undefined for what no job has written. */
function readRow(value: Buffer): Row | undefined {
  try {
    const row = JSON.parse(value.toString()) as Row | null
    const isRow = [row?.p, row?.c, row?.b, row?.w, row?.n].every(Number.isSafeInteger)
    return isRow && [row?.e, row?.t].every((text) => typeof text === 'string') ? row! : undefined
  } catch {
    return undefined
  }
}

/** Its dimensions, as many as it has columns for. */
export function dimensionsOf(row: Row): (string | null)[] {
  const values: (string | null)[] = []
  for (let place = 0; ; place++) {
    const value = row[`d${place}`]
    if (value === undefined) return values
    values.push(value === NULL_DIMENSION ? null : (value as string))
  }
}

/** What the order of the log has of a chunk in one partition, where it is one stretch of records. */
export interface Expected {
  readonly lines: number
  readonly firstRecord: number
  readonly endRecord: number
}

/** What is known of one chunk of one partition. */
export class Chunk {
  readonly passed = new Set<number>()
  /** By tag, then by group. */
  readonly #rows = new Map<string, Map<string, Row>>()
  /** By tag. */
  readonly #records = new Map<string, number>()

  add(row: Row): void {
    const { t, b, w, n } = row
    if (t === PASSED) this.passed.add(w)
    const groups = getOrMake(this.#rows, t, () => new Map<string, Row>())
    const group = JSON.stringify([b, w, ...dimensionsOf(row)])
    const known = groups.get(group)?.n ?? 0
    if (n <= known) return
    groups.set(group, row)
    this.#records.set(t, this.recordsOf(t) + n - known)
  }

  /** Every row is whole when the records that they tell of add up. See ADR 0013. */
  isWhole({ lines, firstRecord, endRecord }: Expected, plan: SourcePlan): boolean {
    const { sets, ledger } = layOut(plan)
    const [first, ...others] = sets.map(({ tag }) => tag)
    const tags = [first!, UNCOUNTED, PASSED]
    if (sum(tags, (tag) => this.recordsOf(tag)) !== lines) return false
    const rows = tags.flatMap((tag) => this.rowsOf(tag))
    // As many may have come into the chunk as left it, where a broker's clock ran backwards.
    const isInside = (row: Row) =>
      Number(row[ledger.first]) >= firstRecord && Number(row[ledger.last]) < endRecord
    return (
      rows.every(isInside) &&
      others.every((tag, place) => {
        const slot = ledger.others[place]!
        const ours = rows.filter(({ t }) => t !== PASSED)
        return this.recordsOf(tag) === sum(ours, (row) => Number(row[slot]))
      })
    )
  }

  /** Records that were tallied. */
  ours({ sets }: RowLayout): number {
    return this.recordsOf(sets[0]!.tag) + this.recordsOf(UNCOUNTED)
  }

  recordsOf(tag: string): number {
    return this.#records.get(tag) ?? 0
  }

  rowsOf(tag: string): Row[] {
    return [...(this.#rows.get(tag)?.values() ?? [])]
  }
}

export function sum<T>(list: readonly T[], value: (each: T) => number): number {
  return list.reduce((total, each) => total + value(each), 0)
}

export class PartialRows {
  /** Of the deployment whose rows count. */
  readonly id: string
  /** What the topic had that is no row of any job, and was ignored. */
  strange = 0
  readonly #chunks = new Map<number, Map<number, Chunk>>()
  /** Of the rows that came, by chunk. */
  readonly #bytes = new Map<number, number>()
  #from = 0

  constructor(id: string) {
    this.id = id
  }

  add(value: Buffer): void {
    const row = readRow(value)
    if (!row) this.strange += 1
    if (row?.e !== this.id || row.c < this.#from) return
    const partitions = getOrMake(this.#chunks, row.c, () => new Map<number, Chunk>())
    getOrMake(partitions, row.p, () => new Chunk()).add(row)
    this.#bytes.set(row.c, (this.#bytes.get(row.c) ?? 0) + value.length)
  }

  chunk(partition: number, number: number): Chunk | undefined {
    return this.#chunks.get(number)?.get(partition)
  }

  /** Chunks below the number are of no use any more. */
  drop(below: number): void {
    this.#from = Math.max(this.#from, below)
    for (const held of [this.#chunks, this.#bytes])
      for (const number of held.keys()) if (number < below) held.delete(number)
  }

  /** About, as the topic has them. */
  get bytes(): number {
    return [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0)
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
