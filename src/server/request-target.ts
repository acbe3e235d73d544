/** Where a request goes, taken as it was sent: a proxy in front judged these very bytes. */
import type { IncomingMessage } from 'node:http'

export interface RequestTarget {
  /** Neither decoded nor normalized; empty for what is no path. */
  readonly path: string
  /** Of a target that is a whole URL, which then counts instead of the header (RFC 9112, section 3.2.2). */
  readonly authority?: string
}

const WHOLE_URL = /^https?:\/\/([^/?#]*)([^?#]*)/i

export function requestTarget({ url = '' }: IncomingMessage): RequestTarget {
  const whole = WHOLE_URL.exec(url)
  if (whole) return { path: whole[2] || '/', authority: whole[1]! }
  return { path: url.startsWith('/') ? url.split('?', 1)[0]! : '' }
}
