/**
 * Refuses what a browser sends for a page of somebody else: a page may POST plain text anywhere without asking, and one
 * whose name is bound to this address again (DNS rebinding) may read the answers as well.
 */
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import { Problem } from './problem.ts'
import type { RequestTarget } from './request-target.ts'
import type { ServeSettings } from './serve-settings.ts'

/** Values of `Sec-Fetch-Site` (Fetch Metadata): a request of our own pages, or typed by a person. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none'])
const HTTP_PORTS = /:(80|443)$/

/** Errors: Problem, with status 400 or 403. */
export function refuseForeign(
  request: IncomingMessage,
  { authority }: RequestTarget,
  settings: ServeSettings,
): void {
  const host = authority ?? request.headers.host
  if (countOf('host', request) > 1)
    throw new Problem(400, 'HOST_TWICE', 'The request has more than one Host.')
  // A browser always sends one; HTTP/1.0 needs none.
  if (host !== undefined && !isOurs(host, request, settings)) {
    const message = `The request is for the host ${shown(host)}, which is no name of this server. Send it to a name of this machine, or add the name to \`serve.hosts\` in the definition.`
    throw new Problem(403, 'HOST_UNKNOWN', message)
  }
  const { origin, 'sec-fetch-site': site } = request.headers
  const isForeign = origin !== undefined && !isOwnOrigin(origin, host, settings)
  if (isForeign || (typeof site === 'string' && !OWN_SITES.has(site))) {
    const from = origin === undefined ? 'another site' : shown(origin)
    const message = `A page of ${from} sent this request by a browser. Nothing was added. Send lines from a program, without an Origin.`
    throw new Problem(403, 'ORIGIN_FOREIGN', message)
  }
}

function isOurs(host: string, request: IncomingMessage, { host: bound, hosts, tls }: ServeSettings): boolean {
  const name = nameOf(host)
  if (name === undefined) return false
  if (name === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(name) || name === '::1') return true
  if (name === bound.toLowerCase() || name === plainAddress(request.socket.localAddress)) return true
  const machine = hostname().toLowerCase()
  if (name === machine || name === machine.split('.')[0]) return true
  return hosts.includes(name) || (tls !== undefined && isCertified(name, tls.cert))
}

/** Nobody else has a certificate of this name, so a page of another site cannot be at the other end. */
function isCertified(name: string, cert: string): boolean {
  try {
    const certificate = new X509Certificate(cert)
    return (certificate.checkHost(name) ?? certificate.checkIP(name)) !== undefined
  } catch {
    return false
  }
}

/** Same host and port as the request; or a name of `serve.hosts` with HTTP's own port, where a proxy sends its own Host. */
function isOwnOrigin(origin: string, host: string | undefined, { hosts }: ServeSettings): boolean {
  const place = /^https?:\/\/([^/?#@]+)$/i.exec(origin)?.[1]?.toLowerCase()
  if (place === undefined) return false
  return (
    place.replace(HTTP_PORTS, '') === host?.toLowerCase().replace(HTTP_PORTS, '') || hosts.includes(place)
  )
}

/** Without the port, the brackets, and the dot that ends a whole name; undefined for what is none. */
function nameOf(host: string): string | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@\s]+?)\.?)(?::\d*)?$/i.exec(host)
  return (found?.[1] ?? found?.[2])?.toLowerCase()
}

function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/i, '').toLowerCase()
}

function countOf(name: string, { rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}
