/** `POST /v1/ingest/SOURCE`: answers once the lines are durable. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { closestName } from '../core/closest-name.ts'
import type { Source } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { logContext } from '../core/line-context.ts'
import type { Log } from '../ports/log.ts'
import { authorize, sourcesOpenTo } from './authorize.ts'
import type { Counters } from './counters.ts'
import { answerJson, Problem } from './problem.ts'
import { type LinesBody, readLinesBody } from './read-lines-body.ts'
import type { ServeSettings } from './serve-settings.ts'

export interface IngestDoor {
  readonly log: Log
  /** Those of the definition. */
  readonly sources: ReadonlyMap<string, Source>
  readonly settings: ServeSettings
  readonly counters: Counters
  /** Why no more lines are taken at the moment; undefined while all is well. */
  backlog?(source: string): string | undefined
}

const KEY = /^[!-~]{1,200}$/
const RETRY_SECONDS = 2
/** What trying again does not help. */
const REFUSED: ReadonlyMap<string, number> = new Map([
  ['LOG_KEY_REUSED', 422],
  ['LOG_LINE_TOO_LONG', 413],
  ['LOG_READ_ONLY', 409],
])

/** Errors: Problem. */
export async function ingestLines(
  door: IngestDoor,
  given: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const rule = requireSource(door, given, request)
  const source = rule.name
  const client = authorize(request, source, door.settings)
  const key = readKey(request)
  const backlog = door.backlog?.(source)
  if (backlog)
    throw new Problem(503, 'BACKLOG', `${backlog} Nothing was added; send it again.`, RETRY_SECONDS)
  await withRoom(door, async (takeRoom) => {
    const { limits } = door.settings
    const body = await readLinesBody(request, {
      limits,
      takeRoom,
      source: rule,
      needsDigest: key !== undefined,
    })
    if (body.lines === 0) return answerJson(response, 200, { source, lines: 0 })
    const { digest } = body
    const idempotency = key !== undefined && digest ? { scope: client, key, digest } : undefined
    const appended = await append(door.log, rule, body, idempotency)
    const { firstOffset, endOffset, observedMs, isDuplicate } = appended
    door.counters.countAccepted(source, body.lines, body.bytes, isDuplicate)
    answerJson(response, 200, {
      ...{ source, lines: body.lines, first_offset: firstOffset, end_offset: endOffset },
      ...{ observed: new Date(observedMs).toISOString(), duplicate: isDuplicate },
    })
  })
}

/**
 * Names are for those who may send to them; a stranger hears of none. Clients may go on with the name that a source had
 * for as long as the definition tells it.
 */
function requireSource({ sources, settings }: IngestDoor, source: string, request: IncomingMessage): Source {
  const found = sources.get(source) ?? [...sources.values()].find(({ was }) => was === source)
  if (found) return found
  const known = sourcesOpenTo(request, sources.keys(), settings)
  const closest = closestName(source, known)
  const hint = closest
    ? ` Did you mean ${closest}?`
    : known.length > 0
      ? ` There are: ${known.join(', ')}.`
      : ''
  throw new Problem(404, 'SOURCE_UNKNOWN', `There is no source ${source} in the definition.${hint}`)
}

function readKey({ headers }: IncomingMessage): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && KEY.test(key)) return key
  const message = 'An Idempotency-Key has 1 to 200 printable ASCII characters without spaces.'
  throw new Problem(400, 'KEY_INVALID', message)
}

/** Bodies that are read at the same time share a budget, so that memory stays bounded whoever sends. */
async function withRoom(
  { counters, settings }: IngestDoor,
  act: (takeRoom: (bytes: number) => void) => Promise<void>,
): Promise<void> {
  let taken = 0
  try {
    await act((bytes) => {
      if (counters.bytesUnderway + bytes > settings.limits.bytesAtOnce) {
        const message = 'Too many bodies are being read at once. Nothing was added; send it again.'
        throw new Problem(429, 'TOO_BUSY', message, RETRY_SECONDS)
      }
      counters.bytesUnderway += bytes
      taken += bytes
    })
  } finally {
    counters.bytesUnderway -= taken
  }
}

async function append(
  log: Log,
  source: Source,
  { chunks, lines }: LinesBody,
  idempotency: Parameters<Log['append']>[1]['idempotency'],
) {
  try {
    const batch = { chunks, lines, ...logContext(source), ...(idempotency && { idempotency }) }
    return await log.append(source.name, batch)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const status = REFUSED.get(error.code)
    if (status !== undefined) throw new Problem(status, error.code, error.message)
    throw new Problem(503, error.code, error.message, RETRY_SECONDS)
  }
}
