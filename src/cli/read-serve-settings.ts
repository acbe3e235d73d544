/** What a definition tells the server: addresses, tokens, limits, and the certificate as it is on disk now. */
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { Definition, ServeConfig } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { DEFAULT_LIMITS, type ServeSettings } from '../server/serve-settings.ts'

/** Errors: SERVE_OPEN_DOOR, SERVE_UNREADABLE_TLS. */
export async function readServeSettings({ serve, sources }: Definition): Promise<ServeSettings> {
  const isNear = /^(127\.|localhost$|::1$)/.test(serve.host)
  const open = [...sources.keys()].find((source) => (serve.tokens.get(source) ?? []).length === 0)
  if (!isNear && open !== undefined)
    throw new MillraceError('SERVE_OPEN_DOOR', { host: serve.host, source: open })
  const { host, port, hosts, proxies, tokens } = serve
  const tls = await readTls(serve)
  return {
    ...{ host, port, hosts, proxies, tokens },
    limits: { ...DEFAULT_LIMITS, ...serve.limits },
    ...(tls && { tls }),
  }
}

async function readTls({ tls }: ServeConfig): Promise<ServeSettings['tls']> {
  if (!tls) return undefined
  const failed = (path: string) => (error: Error) => {
    throw new MillraceError('SERVE_UNREADABLE_TLS', { path, why: error.message }, { cause: error })
  }
  const read = (path: string) => readFile(path, 'utf8').catch(failed(path))
  const texts = { cert: await read(tls.cert), key: await read(tls.key) }
  try {
    createSecureContext(texts)
  } catch (error) {
    failed(tls.cert)(error as Error)
  }
  return texts
}
