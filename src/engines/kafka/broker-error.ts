/** What went wrong with a broker: Kafka's own name of the error, and a sentence for people. */
import { protocolErrors } from '@platformatic/kafka'
import { MillraceError } from '../../core/error.ts'

interface ClientError extends Error {
  readonly apiId?: string
  readonly errors?: readonly Error[]
  readonly serverErrorMessage?: string | null
}

/** `UNKNOWN_TOPIC_OR_PARTITION`; undefined when no broker said anything. */
export function errorCodeOf(error: unknown): string | undefined {
  return deepest(error)?.apiId
}

/** One line. */
export function reasonOf(error: unknown): string {
  const found = deepest(error)
  if (found?.apiId) return `${found.apiId}: ${found.serverErrorMessage || found.message}`
  const last = lastCause(error)
  const { code } = last as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return 'the connection was refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host'
  return last instanceof Error ? last.message : String(last)
}

/** LOG_BROKER_AWAY, unless it has been told apart before; `what` needs the brokers, as `source web` does. */
export function brokerFailure(error: unknown, brokers: string, what: string): MillraceError {
  if (error instanceof MillraceError) return error
  return new MillraceError('LOG_BROKER_AWAY', { brokers, what, why: reasonOf(error) }, { cause: error })
}

/** As a broker gives it in an answer. */
export function nameOfCode(code: number): string {
  const found = Object.values(protocolErrors).find((one) => one.code === code)
  return found?.id ?? `error ${code}`
}

function deepest(error: unknown): ClientError | undefined {
  const { apiId, errors = [], cause } = (error ?? {}) as ClientError
  if (apiId !== undefined) return error as ClientError
  for (const inner of [...errors, cause]) {
    const found = inner === undefined ? undefined : deepest(inner)
    if (found) return found
  }
  return undefined
}

function lastCause(error: unknown): unknown {
  const { cause, errors } = (error ?? {}) as ClientError
  const inner = cause ?? errors?.[0]
  return inner === undefined ? error : lastCause(inner)
}
