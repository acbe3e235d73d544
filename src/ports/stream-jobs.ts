/** Where a job that reads a topic itself begins. */
export interface StreamStart {
  readonly topic: string
  /** By partition: the first record. */
  readonly positions: ReadonlyMap<number, number>
  /** Chunks from this number on have all of their records there. */
  readonly sinceChunk: number
}
