/** Who may do what in a PostgreSQL report, and what is said to those who may not or cannot reach it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stagedTextReader as text } from '../../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../../src/engines/postgres/report.ts'
import { randomGroups, seeded } from '../contract/random-groups.ts'
import { makePlan, stage } from '../contract/report-fixture.ts'
import { OwnPostgres } from './own-postgres.ts'

const PASSWORD = 'sécret:p@ss/w%rd'
const ROLES = new URL('../../src/engines/postgres/roles.sql', import.meta.url)

let server: OwnPostgres
let dir: string
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-postgres-access-'))
  server = await OwnPostgres.start({ password: 'admin' })
})
afterAll(async () => {
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const open = (url: string, mode: 'read' | 'write', caFile?: string) =>
  openPostgresReport({ url, ...(caFile && { caFile }) }, mode, { text, patienceMs: 300 })

describe('the script of roles', () => {
  it('lets the writer publish, the reader read, and neither do more', async () => {
    await server.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
    await server.query(readFileSync(ROLES, 'utf8'))
    await server.query(`ALTER ROLE millrace_writer PASSWORD '${PASSWORD}'`)
    await server.query(`CREATE ROLE person LOGIN PASSWORD '${PASSWORD}' IN ROLE millrace_reader`)
    await server.query('CREATE SCHEMA application')
    const writerUrl = server.urlOf('millrace_writer', encodeURIComponent(PASSWORD))
    const readerUrl = server.urlOf('person', encodeURIComponent(PASSWORD))
    const publication = await stage(dir, makePlan(), randomGroups(seeded(1), 20))
    const writer = await open(writerUrl, 'write')
    await writer.publish(publication).finally(() => writer.close())
    const reader = await open(readerUrl, 'read')
    expect((await reader.metricState('http.requests'))?.revision).toBe(1)
    await expect(reader.publish(publication)).rejects.toMatchObject({ code: 'REPORT_NO_PERMISSION' })
    await reader.close()
    await expect(open(readerUrl, 'write')).rejects.toMatchObject({ code: 'REPORT_NO_PERMISSION' })
    const rows = await server.query('SELECT users FROM millrace_views."http.requests"', readerUrl)
    expect(rows).toHaveLength(20)
    const refused = [
      [readerUrl, 'DELETE FROM millrace.runs'],
      [readerUrl, 'DROP VIEW millrace_views."http.requests"'],
      [readerUrl, 'CREATE TABLE millrace.mine (x integer)'],
      [writerUrl, 'DROP SCHEMA application'],
      [writerUrl, 'CREATE SCHEMA another'],
      [writerUrl, 'CREATE TABLE public.mine (x integer)'],
    ] as const
    for (const [url, sql] of refused)
      await expect(server.query(sql, url)).rejects.toMatchObject({ code: '42501' })
  })
})

describe('what is said', () => {
  const cases: [string, () => string, string][] = [
    ['a wrong password', () => server.urlOf('postgres', 'wrong'), 'REPORT_LOGIN_REFUSED'],
    ['no such user', () => server.urlOf('nobody', 'wrong'), 'REPORT_LOGIN_REFUSED'],
    ['no such database', () => server.urlOf('postgres', 'admin', 'nowhere'), 'REPORT_NO_DATABASE'],
    ['a port where nobody listens', () => 'postgres://u:wrong@127.0.0.1:1/metrics', 'REPORT_UNREACHABLE'],
    ['no such host', () => 'postgres://u:wrong@nowhere.invalid/metrics', 'REPORT_UNREACHABLE'],
    ['no address', () => 'not an address wrong', 'REPORT_BAD_ADDRESS'],
    ['an unknown sslmode', () => `${server.url.split('?')[0]}?sslmode=wrong`, 'REPORT_BAD_ADDRESS'],
    ['TLS where there is none', () => `${server.url.split('?')[0]}?sslmode=require`, 'REPORT_TLS_FAILED'],
  ]
  it.each(cases)('of %s names the fault and no password', async (name, url, code) => {
    const error = await open(url(), 'write').then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error).toMatchObject({ code })
    if (name !== 'an unknown sslmode') expect(error?.message).not.toContain('wrong')
    expect(error?.message).not.toMatch(/\{\w+\}|admin/)
  })

  it('of a database with another encoding', async () => {
    await server.query(
      `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
    )
    await expect(open(server.urlOf('postgres', 'admin', 'latin'), 'write')).rejects.toMatchObject({
      code: 'REPORT_UNFIT',
    })
  })

  it('of nothing, where a reader may only read', async () => {
    await server.query('CREATE DATABASE frozen')
    const url = server.urlOf('postgres', 'admin', 'frozen')
    await (await open(url, 'write')).close()
    await server.query('ALTER DATABASE frozen SET default_transaction_read_only = on')
    await (await open(url, 'read')).close()
  })
})

describe('TLS', () => {
  it('is used as sslmode says, with the authority that is named', async () => {
    const [key, certificate, other] = ['key.pem', 'cert.pem', 'other.pem'].map((name) => join(dir, name))
    makeCertificate(key!, certificate!)
    makeCertificate(join(dir, 'otherkey.pem'), other!)
    await server.useTls(key!, certificate!)
    const at = (mode: string) => server.url.replace('sslmode=disable', `sslmode=${mode}`)
    for (const mode of ['require', 'prefer']) {
      const report = await open(at(mode), 'write')
      await report.close()
    }
    for (const mode of ['verify-ca', 'verify-full']) {
      await (await open(at(mode), 'write', certificate)).close()
      await expect(open(at(mode), 'write', other)).rejects.toMatchObject({ code: 'REPORT_TLS_FAILED' })
      await expect(open(at(mode), 'write')).rejects.toMatchObject({ code: 'REPORT_TLS_FAILED' })
    }
    const byName = at('verify-full').replace('127.0.0.1', 'localhost')
    await expect(open(byName, 'write', certificate)).rejects.toMatchObject({ code: 'REPORT_TLS_FAILED' })
    await (await open(byName.replace('verify-full', 'verify-ca'), 'write', certificate)).close()
    const [[encrypted] = []] = await server.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    expect(encrypted).toBe(false)
  })
})

/** For 127.0.0.1 alone, signed by itself. */
function makeCertificate(key: string, certificate: string): void {
  const subject = ['-subj', '/CN=millrace test', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', certificate]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject],
    {
      stdio: 'ignore',
    },
  )
}
