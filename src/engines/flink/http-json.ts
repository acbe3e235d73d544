/** Asks Flink's REST interfaces. */
import { flinkAway, flinkFailure } from './failure.ts'

const PATIENCE_MS = 30_000

export interface Ask {
  readonly address: string
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PATCH'
  readonly path: string
  readonly body?: unknown
  /** For messages: what is being done. */
  readonly doing: string
}

/** Errors: JOBS_AWAY, JOBS_FAILED. */
export async function askJson<T>({ address, method = 'GET', path, body, doing }: Ask): Promise<T> {
  const url = `${address.replace(/\/$/, '')}${path}`
  const answer = await fetch(url, {
    method,
    ...(body !== undefined && {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch((error: unknown) => {
    throw flinkAway(address, error)
  })
  const text = await answer.text()
  if (!answer.ok) throw flinkFailure(doing, messageOf(text))
  return (text === '' ? {} : JSON.parse(text)) as T
}

/** `errors` is a short text and a trace; the trace has the cause. */
function messageOf(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: string[] }
    return errors?.join('\n') ?? text
  } catch {
    return text
  }
}
