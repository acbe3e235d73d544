/** The server's part of a definition, with defaults filled in. */
import { dirname, resolve } from 'node:path'
import type { ServeConfig } from '../core/definition.ts'
import { parseDuration } from '../core/duration.ts'
import type { DefinitionText, Partly } from './definition-schema.ts'
import type { DiagnosticList } from './diagnostic.ts'

const HASH_PREFIX = 'sha256:'

export function checkServe(
  { serve = {} }: Partly<DefinitionText>,
  sources: ReadonlyMap<string, unknown>,
  file: string,
  problems: DiagnosticList,
): ServeConfig {
  const { listen = '127.0.0.1:8080', tls, tokens = {}, limits = {}, restate = 'at_once' } = serve
  const colon = listen.lastIndexOf(':')
  const port = Number(listen.slice(colon + 1))
  if (port > 65_535) problems.add('DEFINE_BAD_LISTEN', ['serve', 'listen'], { given: listen })
  for (const source of Object.keys(tokens))
    if (!sources.has(source))
      problems.add('DEFINE_UNKNOWN_SOURCE', ['serve', 'tokens', source], { source }, { target: 'key' })
  const place = (path: string | undefined) => resolve(dirname(file), path ?? '')
  return {
    host: listen.slice(0, colon).replace(/^\[|\]$/g, ''),
    port,
    restate,
    ...(tls && { tls: { cert: place(tls.cert), key: place(tls.key) } }),
    tokens: new Map(
      Object.entries(tokens).map(([source, hashes]) => [
        source,
        (hashes ?? []).map((hash) => hash.slice(HASH_PREFIX.length)),
      ]),
    ),
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

/** `16m` → bytes. */
function bytesOf(size: string): number {
  return Number(size.slice(0, -1)) * 1024 ** ('kmg'.indexOf(size.slice(-1)) + 1)
}
