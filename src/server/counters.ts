/** What the server counts of itself. */

export class Counters {
  /** Requests to ingest, by status. */
  readonly requests = new Map<number, number>()
  /** By source: lines and bytes that were acked, and those of batches that had come before. */
  readonly accepted = new Map<string, { lines: number; bytes: number; duplicateLines: number }>()
  /** Of bodies that are not durable yet. */
  bytesUnderway = 0
  connections = 0

  countRequest(status: number): void {
    this.requests.set(status, (this.requests.get(status) ?? 0) + 1)
  }

  countAccepted(source: string, lines: number, bytes: number, isDuplicate: boolean): void {
    const counts = this.accepted.get(source) ?? { lines: 0, bytes: 0, duplicateLines: 0 }
    this.accepted.set(source, counts)
    if (isDuplicate) counts.duplicateLines += lines
    else {
      counts.lines += lines
      counts.bytes += bytes
    }
  }
}
