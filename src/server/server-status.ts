/** What a server says of itself to commands of the same machine. */
import type { Health } from '../core/health.ts'
import type { Log } from '../ports/log.ts'

export interface ServerStatus {
  readonly url: string
  /** What its log holds. */
  readonly logs: readonly { readonly source: string; readonly lines: number; readonly bytes: number }[]
  /** As /readyz tells it. */
  readonly health: Health
}

export function serverStatus(url: string, log: Log, health: Health): ServerStatus {
  const logs = log.sources().map(({ source, startOffset, endOffset, bytes }) => {
    return { source, lines: endOffset - startOffset, bytes }
  })
  return { url, logs, health }
}
