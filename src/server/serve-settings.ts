/** What the server is told, and what holds where it is told nothing. */

export interface ServeLimits {
  /** Of a request's body as it comes, and of what it unpacks to. */
  readonly bodyBytes: number
  readonly unpackedBytes: number
  readonly lineBytes: number
  /** From the first byte of a request to its last. */
  readonly requestMs: number
  /** From the connection to the end of TLS's handshake. */
  readonly handshakeMs: number
  readonly connections: number
  /** Of all bodies together that are not durable yet. */
  readonly bytesAtOnce: number
}

export interface ServeSettings {
  readonly host: string
  readonly port: number
  /** Names of this server besides those that the machine and its certificate have; small letters. */
  readonly hosts: readonly string[]
  /** Addresses, and networks such as `10.0.0.0/8`, of proxies whose word on their clients counts. */
  readonly proxies: readonly string[]
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** By source: SHA-256 of each token, hex. A source without any takes lines from this machine alone. */
  readonly tokens: ReadonlyMap<string, readonly string[]>
  readonly limits: ServeLimits
}

const MIB = 1024 * 1024

export const DEFAULT_LIMITS: ServeLimits = {
  bodyBytes: 16 * MIB,
  unpackedBytes: 64 * MIB,
  lineBytes: MIB,
  requestMs: 30_000,
  handshakeMs: 10_000,
  connections: 1000,
  bytesAtOnce: 256 * MIB,
}
