/** Who may send lines of a source: whoever has one of its tokens, or, where it has none, this machine. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Problem } from './problem.ts'
import type { ServeSettings } from './serve-settings.ts'

/** Gives the client's name within the source, which keeps idempotency keys apart. Errors: Problem. */
export function authorize(request: IncomingMessage, source: string, { tokens }: ServeSettings): string {
  const known = tokens.get(source) ?? []
  if (known.length === 0) {
    if (isLoopback(request.socket.remoteAddress)) return ''
    const message = `Source ${source} has no tokens, so only this machine may send to it. Add one under \`serve\`.`
    throw new Problem(403, 'TOKEN_NOT_SET', message)
  }
  const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (given === undefined) {
    const message = 'A token is needed: send it as `Authorization: Bearer TOKEN`.'
    throw new Problem(401, 'TOKEN_MISSING', message)
  }
  const digest = createHash('sha256').update(given).digest()
  // All are compared, so that the time taken tells nothing.
  const matches = known.filter((hex) => timingSafeEqual(Buffer.from(hex, 'hex'), digest))
  if (matches[0] !== undefined) return matches[0].slice(0, 16)
  throw new Problem(403, 'TOKEN_WRONG', `This token may not send to source ${source}.`)
}

export function isLoopback(address: string | undefined): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(address ?? '')
}
