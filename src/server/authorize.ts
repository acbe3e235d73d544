/** Who may send lines of a source: whoever has one of its tokens, or, where it has none, this machine. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Problem } from './problem.ts'
import type { ServeSettings } from './serve-settings.ts'
import { isLoopback, isThisMachine } from './this-machine.ts'

/** Gives the client's name within the source, which keeps idempotency keys apart. Errors: Problem. */
export function authorize(request: IncomingMessage, source: string, settings: ServeSettings): string {
  const known = settings.tokens.get(source) ?? []
  if (known.length === 0) {
    if (isThisMachine(request, settings)) return ''
    const message = `Source ${source} has no tokens, so only this machine may send to it${throughProxy(request)}. Add one under \`serve\`.`
    throw new Problem(403, 'TOKEN_NOT_SET', message)
  }
  const digest = digestOf(request)
  if (!digest) {
    const message = 'A token is needed: send it as `Authorization: Bearer TOKEN`.'
    throw new Problem(401, 'TOKEN_MISSING', message)
  }
  const matching = matchOf(digest, known)
  if (matching !== undefined) return matching.slice(0, 16)
  throw new Problem(403, 'TOKEN_WRONG', `This token may not send to source ${source}.`)
}

/** The sources that this client may send to, and so may hear of. */
export function sourcesOpenTo(
  request: IncomingMessage,
  sources: Iterable<string>,
  settings: ServeSettings,
): string[] {
  const isNear = isThisMachine(request, settings)
  const digest = digestOf(request)
  return [...sources].filter((source) => {
    const known = settings.tokens.get(source) ?? []
    return known.length === 0 ? isNear : digest !== undefined && matchOf(digest, known) !== undefined
  })
}

function digestOf({ headers }: IncomingMessage): Buffer | undefined {
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  return given === undefined ? undefined : createHash('sha256').update(given).digest()
}

/** All are compared, so that the time taken tells nothing. */
function matchOf(digest: Buffer, known: readonly string[]): string | undefined {
  return known.filter((hex) => timingSafeEqual(Buffer.from(hex, 'hex'), digest))[0]
}

function throughProxy({ socket }: IncomingMessage): string {
  return isLoopback(socket.remoteAddress ?? '') ? ', and this came through a proxy' : ''
}
