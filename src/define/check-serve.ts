/** The server's part of a definition, with defaults filled in. */
import { isIP } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { ServeConfig } from '../core/definition.ts'
import { parseDuration } from '../core/duration.ts'
import type { CheckedSource } from './check-source.ts'
import type { DefinitionText, Partly } from './definition-schema.ts'
import type { DiagnosticList } from './diagnostic.ts'

/** Longer than an engine of its own is waited for before the embedded one counts (`stream.patience`). */
const FRESHNESS = '2m'
const HASH_PREFIX = 'sha256:'
const HOST_NAME = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i

export function checkServe(
  { serve = {} }: Partly<DefinitionText>,
  sources: ReadonlyMap<string, CheckedSource>,
  file: string,
  problems: DiagnosticList,
): ServeConfig {
  const { listen = '127.0.0.1:8080', tls, tokens = {}, limits = {}, restate = 'at_once' } = serve
  const { hosts = [], proxies = [], freshness = FRESHNESS } = serve
  const colon = listen.lastIndexOf(':')
  const port = Number(listen.slice(colon + 1))
  if (port > 65_535) problems.add('DEFINE_BAD_LISTEN', ['serve', 'listen'], { given: listen })
  const present = presentNames(sources)
  for (const source of Object.keys(tokens))
    if (!present.has(source) && problems.standInFor(['sources'], source) === undefined)
      problems.add('DEFINE_UNKNOWN_SOURCE', ['serve', 'tokens', source], { source }, { target: 'key' })
  for (const [index, given] of hosts.entries())
    if (!HOST_NAME.test(given) && isIP(given) === 0)
      problems.add('DEFINE_BAD_HOST', ['serve', 'hosts', index], { given })
  for (const [index, given] of proxies.entries())
    if (!isNetwork(given)) problems.add('DEFINE_BAD_PROXY', ['serve', 'proxies', index], { given })
  const place = (path: string | undefined) => resolve(dirname(file), path ?? '')
  return {
    host: listen.slice(0, colon).replace(/^\[|\]$/g, ''),
    port,
    hosts: hosts.map((name) => name.toLowerCase()),
    proxies,
    freshnessMs: parseDuration(freshness) ?? 0,
    restate,
    ...(tls && { tls: { cert: place(tls.cert), key: place(tls.key) } }),
    tokens: tokensOf(tokens, present),
    limits: {
      ...(limits.body && { bodyBytes: bytesOf(limits.body) }),
      ...(limits.unpacked && { unpackedBytes: bytesOf(limits.unpacked) }),
      ...(limits.line && { lineBytes: bytesOf(limits.line) }),
      ...(limits.request_time && { requestMs: parseDuration(limits.request_time)! }),
      ...(limits.connections && { connections: limits.connections }),
      ...(limits.memory && { bytesAtOnce: bytesOf(limits.memory) }),
    },
  }
}

/** By name, that of today: a name that a source had is its own as long as no other source has it. */
function presentNames(sources: ReadonlyMap<string, CheckedSource>): ReadonlyMap<string, string> {
  const former = [...sources.values()].flatMap(({ source: { name, was } }) =>
    was === undefined || sources.has(was) ? [] : [[was, name] as const],
  )
  return new Map([...[...sources.keys()].map((name) => [name, name] as const), ...former])
}

/** Tokens that were given under the name that a source had are still its tokens. */
function tokensOf(
  tokens: NonNullable<Partly<DefinitionText>['serve']>['tokens'] & object,
  present: ReadonlyMap<string, string>,
): ServeConfig['tokens'] {
  const held = new Map<string, string[]>()
  for (const [written, hashes] of Object.entries(tokens)) {
    const source = present.get(written) ?? written
    const added = (hashes ?? []).map((hash) => hash.slice(HASH_PREFIX.length))
    held.set(source, [...(held.get(source) ?? []), ...added])
  }
  return held
}

/** An address, or one with the bits of its network. */
function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(text) ?? []
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return most >= 0 && Number(bits ?? 0) <= most
}

/** `16m` → bytes. */
function bytesOf(size: string): number {
  return Number(size.slice(0, -1)) * 1024 ** ('kmg'.indexOf(size.slice(-1)) + 1)
}
