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

/** What a broker refuses for as long as nobody sets something else, and what that is. */
const LASTING: readonly (readonly [RegExp, string])[] = [
  [
    /_AUTHORIZATION_FAILED\b/,
    'Allow the user of `log` to describe and write the topic and its transactional id.',
  ],
  [/^POLICY_VIOLATION\b/, 'Change the policy of the brokers, or the settings that it forbids.'],
  [/^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE)\b/, 'Raise `max.message.bytes` of the topic.'],
  [
    /^INVALID_TIMESTAMP\b|^UNKNOWN_SERVER_ERROR\b.*[Tt]imestamp .* out of range/,
    'Set the clock right that is wrong, of this machine or of the brokers.',
  ],
]

/** LOG_REFUSED, where brokers answer and trying again does not help. */
export function lastingRefusal(
  error: unknown,
  params: { readonly brokers: string; readonly source: string; readonly topic: string },
): MillraceError | undefined {
  if (errorCodeOf(error) === undefined) return undefined
  const why = reasonOf(error)
  const advice = LASTING.find(([pattern]) => pattern.test(why))?.[1]
  return advice === undefined
    ? undefined
    : new MillraceError('LOG_REFUSED', { ...params, why, advice }, { cause: error })
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
