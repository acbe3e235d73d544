/** How many lines a running application has read, by what its REST API tells of its stages. */

/** The parts of a stage that are looked at; see Spark's monitoring documentation. */
export interface StageNews {
  readonly status: string
  /** The statement that it belongs to. */
  readonly description?: string
  readonly inputRecords: number
}

export interface SourceProgress {
  readonly source: string
  readonly linesRead: number
}

/** Of each source in the order in which the job computes them, with all its lines. */
export type SourceSize = readonly [source: string, lines: number]

/**
 * Sources are read one after the other, each in one pass, by the statement that names its view of raw lines; what
 * follows works on what was parsed.
 */
export class StageProgress {
  readonly #sizes: readonly SourceSize[]
  #current = 0
  #linesRead = 0
  #told = ''

  constructor(sizes: readonly SourceSize[]) {
    this.#sizes = sizes
  }

  /** Never falls, and never passes the lines there are. Undefined when there is nothing new. */
  hear(stages: readonly StageNews[]): SourceProgress | undefined {
    for (const stage of stages) if (stage.status === 'ACTIVE') this.#hearStage(stage)
    const [source, lines] = this.#sizes[this.#current] ?? []
    if (source === undefined || lines === undefined) return undefined
    const linesRead = Math.min(this.#linesRead, lines)
    const told = `${this.#current} ${linesRead}`
    // While nothing was read the driver is only starting, and a clock should not run yet.
    if (told === this.#told && linesRead > 0) return undefined
    this.#told = told
    return { source, linesRead }
  }

  #hearStage({ description = '', inputRecords }: StageNews): void {
    const raw = indexIn(description, /\blines_(\d+)\b/)
    const index = raw ?? indexIn(description, /\bparsed_(\d+)\b/)
    if (index === undefined || index < this.#current) return
    if (index > this.#current) this.#linesRead = 0
    this.#current = index
    const read = raw === undefined ? (this.#sizes[index]?.[1] ?? 0) : inputRecords
    this.#linesRead = Math.max(this.#linesRead, read)
  }
}

function indexIn(description: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(description)?.[1]
  return found === undefined ? undefined : Number(found)
}
