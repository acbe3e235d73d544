/** Rows that the job wrote, by chunk: of rows with one key the one that tells of most records. */
import type { SourcePlan } from '../../core/plan.ts'
import type { TallyRow } from '../../ports/stage-rows.ts'
import { LEDGER, PASSED, tallyTag } from './row-tags.ts'

/** As the topic's JSON has it. */
export interface Row {
  readonly e: string
  readonly t: string
  readonly p: number
  readonly c: number
  readonly n?: number
  readonly [column: string]: string | number | null | undefined
}

interface Group {
  readonly row: Row
  readonly records: number
}

/** What is known of one chunk of one partition. */
export class Chunk {
  #ledger: Row | undefined
  readonly passed = new Set<number>()
  readonly #tallies = new Map<string, Map<string, Group>>()
  /** Records by tally. */
  readonly #records = new Map<string, number>()

  add(row: Row, key: string): void {
    const { t, n = 0 } = row
    if (t === PASSED) this.passed.add(Number(row.r))
    else if (t === LEDGER) {
      if (n >= (this.#ledger?.n ?? 0)) this.#ledger = row
    } else this.#addGroup(row, key, n)
  }

  /** Every row is whole when the records that they tell of add up. See ADR 0013. */
  isWhole(lines: number, { metrics }: SourcePlan): boolean {
    const ledger = this.#ledger
    if (!ledger || ledger.n !== lines || this.passed.size !== lines - Number(ledger.o)) return false
    const tags = metrics.flatMap(({ tallies }, place) => tallies.map(({ id }) => tallyTag(place, id)))
    return tags.every((tag, place) => (this.#records.get(tag) ?? 0) === Number(ledger[`s${place}`]))
  }

  /** Records that were tallied. */
  get ours(): number {
    return Number(this.#ledger?.o ?? 0)
  }

  recordsOf(tag: string): number {
    return this.#records.get(tag) ?? 0
  }

  rowsOf(tag: string): Row[] {
    return [...(this.#tallies.get(tag)?.values() ?? [])].map(({ row }) => row)
  }

  #addGroup(row: Row, key: string, records: number): void {
    const groups = getOrMake(this.#tallies, row.t, () => new Map<string, Group>())
    const known = groups.get(key)?.records ?? 0
    if (records <= known) return
    groups.set(key, { row, records })
    this.#records.set(row.t, (this.#records.get(row.t) ?? 0) + records - known)
  }
}

export class PartialRows {
  /** Of the deployment whose rows count. */
  readonly id: string
  readonly #chunks = new Map<number, Map<number, Chunk>>()
  #from = 0

  constructor(id: string) {
    this.id = id
  }

  add(value: Buffer): void {
    // A value may be missing: nothing here is ever deleted, but others could write to the topic.
    if (value.length === 0) return
    const row = JSON.parse(value.toString()) as Row
    if (row.e !== this.id || row.c < this.#from) return
    const partitions = getOrMake(this.#chunks, row.c, () => new Map<number, Chunk>())
    getOrMake(partitions, row.p, () => new Chunk()).add(row, keyOf(row))
  }

  chunk(partition: number, number: number): Chunk | undefined {
    return this.#chunks.get(number)?.get(partition)
  }

  /** Chunks below the number are of no use any more. */
  drop(below: number): void {
    this.#from = Math.max(this.#from, below)
    for (const number of this.#chunks.keys()) if (number < below) this.#chunks.delete(number)
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** Window, dimensions and key. */
function keyOf(row: Row): string {
  const dims: (string | number | null | undefined)[] = []
  for (let index = 0; row[`d${index}`] !== undefined; index++) dims.push(row[`d${index}`])
  return JSON.stringify([row.w, row.k, ...dims])
}

/** As it is staged; a dimension's text stands behind a letter, and null is another one. */
export function tallyRow(row: Row, dimensions: number, columns: number): TallyRow {
  const list = (name: string, length: number) =>
    Array.from({ length }, (_, index) => (row[`${name}${index}`] ?? null) as string | null)
  return {
    windowMs: Number(row.w),
    d: list('d', dimensions).map((text) => (text?.startsWith('v') ? text.slice(1) : null)),
    ...(row.k !== undefined && { key: Number(row.k) }),
    v: list('v', columns),
  }
}
