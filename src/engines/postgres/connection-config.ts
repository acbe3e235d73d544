/** From an address such as postgres://user@host:5432/metrics?sslmode=verify-full to what the client needs. */
import { readFile } from 'node:fs/promises'
import type { ClientConfig } from 'pg'
import { MillraceError } from '../../core/error.ts'

export interface PostgresAddress {
  readonly url: string
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile?: string
}

/** The client's settings in the order in which they are tried, and the address without any password. */
export interface ConnectionPlan {
  readonly configs: readonly ClientConfig[]
  readonly shown: string
}

const CONNECT_MS = 10_000
/** After so long without a word the system looks whether the server's machine is there at all. */
const KEEP_ALIVE_MS = 10_000
const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

/** Errors: REPORT_BAD_ADDRESS. */
export async function planConnection({ url, caFile }: PostgresAddress): Promise<ConnectionPlan> {
  const parsed = parseUrl(url)
  const shown = showAddress(parsed)
  const ca = await readCa(caFile ?? parsed.searchParams.get('sslrootcert') ?? undefined, shown)
  const mode = parsed.searchParams.get('sslmode') ?? process.env.PGSSLMODE ?? (ca ? 'verify-full' : 'prefer')
  if (!MODES.includes(mode))
    throw new MillraceError('REPORT_BAD_ADDRESS', {
      path: shown,
      why: `sslmode is one of ${MODES.join(', ')}`,
    })
  const base = baseConfig(parsed)
  return { shown, configs: tlsChoices(mode, ca).map((ssl) => ({ ...base, ssl })) }
}

function parseUrl(url: string): URL {
  try {
    const parsed = new URL(url)
    if (/^postgres(ql)?:$/.test(parsed.protocol)) return parsed
  } catch {
    // The same message serves below; the text itself may hold a password and is not shown.
  }
  const why = 'it does not have the form postgres://user@host:5432/database'
  throw new MillraceError('REPORT_BAD_ADDRESS', { path: 'postgres', why })
}

function showAddress(url: URL): string {
  const user = url.username === '' ? '' : `${url.username}@`
  return `postgres://${user}${url.host || (url.searchParams.get('host') ?? 'localhost')}${url.pathname}`
}

function baseConfig(url: URL): ClientConfig {
  const text = (part: string) => (part === '' ? undefined : decodeURIComponent(part))
  const host = text(url.hostname.replace(/^\[|\]$/g, '')) ?? url.searchParams.get('host') ?? undefined
  return {
    host,
    port: url.port === '' ? undefined : Number(url.port),
    user: text(url.username),
    password: text(url.password),
    database: text(url.pathname.slice(1)),
    application_name: 'millrace',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  }
}

/** As libpq reads sslmode: `require` encrypts without asking who the server is, unless an authority is named. */
function tlsChoices(mode: string, ca: string | undefined): ClientConfig['ssl'][] {
  const trusted = { ...(ca !== undefined && { ca }), rejectUnauthorized: true }
  const anyone = { rejectUnauthorized: false }
  const authority = { ...trusted, checkServerIdentity: () => undefined }
  if (mode === 'disable') return [false]
  if (mode === 'allow') return [false, anyone]
  if (mode === 'prefer') return [anyone, false]
  if (mode === 'require') return [ca === undefined ? anyone : authority]
  return [mode === 'verify-ca' ? authority : trusted]
}

async function readCa(path: string | undefined, shown: string): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const why = `cannot read the certificate file ${path}: ${(error as Error).message}`
    throw new MillraceError('REPORT_BAD_ADDRESS', { path: shown, why }, { cause: error })
  }
}
