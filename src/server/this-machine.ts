/** Whether a request comes from a program on this machine, also where proxies stand between. */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { ServeSettings } from './serve-settings.ts'

/** What proxies add of the request that they pass on. */
const PASSED_ON = [
  ...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'],
]

/**
 * Through a proxy that the definition names, whoever it says it speaks for; through one that it does not name, nobody.
 * A proxy that is named and tells nothing speaks for somebody unknown.
 */
export function isThisMachine({ socket, headers }: IncomingMessage, { proxies }: ServeSettings): boolean {
  const peer = socket.remoteAddress ?? ''
  if (!isLoopback(peer)) return false
  if (!isProxy(peer, proxies)) return !PASSED_ON.some((name) => headers[name] !== undefined)
  const chains = [forwardedFor(headers['x-forwarded-for']), forwardedFor(forwardedHeader(headers.forwarded))]
  // A proxy may pass on, unread, the one that it does not write itself, so each that is there must say so.
  const told = chains.filter((chain) => chain.length > 0)
  return told.length > 0 && told.every((chain) => fromClient(chain, proxies).every(isLoopback))
}

/** From the client on: the last address that no named proxy has, or where all are proxies the first one. */
function fromClient(chain: readonly string[], proxies: readonly string[]): readonly string[] {
  return chain.slice(
    Math.max(
      chain.findLastIndex((address) => !isProxy(address, proxies)),
      0,
    ),
  )
}

function isProxy(address: string, proxies: readonly string[]): boolean {
  const plain = plainAddress(address)
  const family = isIP(plain)
  if (family === 0 || proxies.length === 0) return false
  const list = new BlockList()
  for (const proxy of proxies) {
    const [network = '', prefix] = proxy.split('/')
    const type = isIP(network) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(network, type)
    else list.addSubnet(network, Number(prefix), type)
  }
  return list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

export function isLoopback(address: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|::1)$/.test(plainAddress(address))
}

/** Without a port, brackets and quotes, and of IPv4 in IPv6 the IPv4. */
function plainAddress(address: string): string {
  const bare = address.trim().replace(/^"(.*)"$/, '$1')
  const inside = /^\[([^\]]*)\](:\d+)?$/.exec(bare)?.[1] ?? bare.replace(/^([\d.]+):\d+$/, '$1')
  return inside.replace(/^::ffff:/i, '')
}

function forwardedFor(value: string | string[] | undefined): string[] {
  return [value ?? []]
    .flat()
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
}

/** `for=192.0.2.43, for="[2001:db8::17]:4711";proto=http` (RFC 7239) as a plain list; what it hides stays hidden. */
function forwardedHeader(value: string | undefined): string | undefined {
  return value
    ?.split(',')
    .map((element) => /(?:^|;)\s*for=([^;]*)/i.exec(element)?.[1] ?? 'unknown')
    .join(',')
}
