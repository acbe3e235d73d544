/** What a server says of itself to `millrace status`. */
import type { Log } from '../ports/log.ts'
import type { StreamWatch } from './stream-watch.ts'

export interface ServerStatus {
  readonly url: string
  /** Why no lines can be acked any more. */
  readonly failure?: string
  /** Why none can be acked or read at the moment. */
  readonly trouble?: string
  readonly sources: readonly ServedSource[]
}

export interface ServedSource {
  readonly source: string
  /** What the log holds. */
  readonly logLines: number
  readonly logBytes: number
  /** Lines that the archive, and the stream, have not got yet. */
  readonly unarchivedLines: number
  readonly uncountedLines: number
  /** Why the stream cannot go on. */
  readonly failure?: string
}

export interface StatusParts {
  readonly url: string
  readonly log: Log
  readonly streams: StreamWatch
  archived(): ReadonlyMap<string, number>
}

export function serverStatus({ url, log, streams, archived }: StatusParts): ServerStatus {
  const held = log.sources()
  // Of a source that lies in the archive alone.
  const others = [...streams.streams.keys()].filter((name) => held.every(({ source }) => source !== name))
  const none = others.map((source) => ({ source, startOffset: 0, endOffset: 0, bytes: 0 }))
  const sources = [...held, ...none].map(({ source, startOffset, endOffset, bytes }): ServedSource => {
    const stream = streams.streams.get(source)
    const behind = (reached: number | undefined) => Math.max(endOffset - (reached ?? startOffset), 0)
    return {
      ...{ source, logLines: endOffset - startOffset, logBytes: bytes },
      unarchivedLines: behind(archived().get(source)),
      uncountedLines: stream ? behind(stream.endOffset) : 0,
      ...(stream?.failure !== undefined && { failure: stream.failure }),
    }
  })
  const { failure, trouble } = log
  return {
    ...{ url, sources },
    ...(failure && { failure: failure.message }),
    ...(trouble && { trouble: trouble.message }),
  }
}
