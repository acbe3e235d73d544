/** Rows that the job wrote, by chunk: of rows with one key the one that tells of most records. */
import type { SourcePlan, Tally } from '../../core/plan.ts'
import type { TallyRow } from '../../ports/stage-rows.ts'
import { FIRST_RECORD, LAST_RECORD, LEDGER, ledgerSlots, PASSED, slotsOf, tallyTag } from './row-layout.ts'

/** As the topic's JSON has it. */
export interface Row {
  readonly e: string
  readonly t: string
  readonly p: number
  readonly c: number
  readonly g: string
  readonly n: number
  readonly [slot: string]: string | number | null
}

/** Undefined for what no job has written. */
function readRow(value: Buffer): Row | undefined {
  try {
    const row = JSON.parse(value.toString()) as Row | null
    const isRow = [row?.p, row?.c, row?.n].every(Number.isSafeInteger)
    return isRow && [row?.e, row?.t, row?.g].every((text) => typeof text === 'string') ? row! : undefined
  } catch {
    return undefined
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
  #ledger: Row | undefined
  readonly passed = new Set<number>()
  readonly #tallies = new Map<string, Map<string, Row>>()
  /** Records by tally. */
  readonly #records = new Map<string, number>()

  add(row: Row): void {
    const { t, g, n } = row
    if (t === PASSED) this.passed.add(Number(g))
    else if (t === LEDGER) {
      if (n >= (this.#ledger?.n ?? 0)) this.#ledger = row
    } else this.#addGroup(row)
  }

  /** Every row is whole when the records that they tell of add up. See ADR 0013. */
  isWhole({ lines, firstRecord, endRecord }: Expected, plan: SourcePlan): boolean {
    if (this.#ledger?.n !== lines || this.passed.size !== lines - this.ours) return false
    // As many may have come into the chunk as left it, where a broker's clock ran backwards.
    const [first, last] = [FIRST_RECORD, LAST_RECORD].map((slot) => Number(this.#ledger![slot]))
    if (first! < firstRecord || last! >= endRecord) return false
    const [, ...counts] = ledgerSlots(plan).map((slot) => Number(this.#ledger![slot]))
    const tags = plan.metrics.flatMap(({ tallies }, place) => tallies.map(({ id }) => tallyTag(place, id)))
    return tags.every((tag, place) => this.recordsOf(tag) === counts[place])
  }

  /** Records that were tallied. */
  get ours(): number {
    return Number(this.#ledger?.count_0 ?? 0)
  }

  recordsOf(tag: string): number {
    return this.#records.get(tag) ?? 0
  }

  rowsOf(tag: string): Row[] {
    return [...(this.#tallies.get(tag)?.values() ?? [])]
  }

  #addGroup(row: Row): void {
    const { t, g, n } = row
    const groups = getOrMake(this.#tallies, t, () => new Map<string, Row>())
    const known = groups.get(g)?.n ?? 0
    if (n <= known) return
    groups.set(g, row)
    this.#records.set(t, this.recordsOf(t) + n - known)
  }
}

export class PartialRows {
  /** Of the deployment whose rows count. */
  readonly id: string
  /** What the topic had that is no row of any job, and was passed over. */
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

/** As it is staged. */
export function stagedRow(row: Row, tally: Tally): TallyRow {
  const [window, key, ...d] = JSON.parse(row.g) as [string, string | null, ...(string | null)[]]
  const values = slotsOf(tally).map((slot) =>
    slot === undefined ? String(row.n) : (row[slot] as string | null),
  )
  return { windowMs: Number(window), d, ...(key !== null && { key: Number(key) }), v: values }
}
