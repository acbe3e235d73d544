/** Who is let in at the door: hosts, pages of other sites, proxies, paths, and what strangers hear. */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/server/serve-settings.ts'
import { Door, type DoorSettings } from './door.ts'
import { CERT, KEY } from './tls.ts'

const door = new Door()
const start = (settings?: DoorSettings) => door.start(settings)
beforeAll(() => start())
afterAll(() => door.remove())

const get = (path: string, headers: Record<string, string> = {}) =>
  door.send(undefined, headers, { path, method: 'GET' })
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')
const routes = ['/healthz', '/readyz', '/metrics', '/v1/ingest/web', '/', '/v1/ingest/none']

describe('a host', () => {
  it('that is not this server is refused on every route', async () => {
    for (const path of routes)
      for (const host of [
        'evil.example',
        'evil.example:8080',
        '127.0.0.1.evil.example',
        '10.0.0.1',
        'a@localhost',
      ])
        expect(await get(path, { host })).toMatchObject({
          status: 403,
          body: { error: { code: 'HOST_UNKNOWN' } },
        })
    expect(await door.send('a\n', { host: 'evil.example' })).toMatchObject({ status: 403 })
    expect(await door.held()).toBe('')
  })

  it('that is this server is served', async () => {
    const names = [
      'localhost',
      'LOCALHOST:1',
      'localhost.',
      '127.0.0.1',
      '127.9.9.9:80',
      '[::1]:8080',
      hostname(),
    ]
    for (const host of names) expect(await get('/healthz', { host })).toMatchObject({ status: 200 })
    await start({ hosts: ['logs.example.org', '2001:db8::1'] })
    for (const host of ['logs.example.org:443', 'Logs.Example.ORG', '[2001:db8::1]'])
      expect(await get('/metrics', { host })).toMatchObject({ status: 200 })
    expect(await get('/metrics', { host: 'example.org' })).toMatchObject({ status: 403 })
    await start()
  })

  it('stands once, and counts by the URL where the target is a whole one', async () => {
    const end = 'Connection: close\r\n\r\n'
    expect(await door.raw(`GET /healthz HTTP/1.1\r\nHost:\r\n${end}`)).toMatch(/^HTTP\/1.1 403 /)
    const twice = `GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n${end}`
    expect(await door.raw(twice)).toMatch(/^HTTP\/1.1 400 /)
    const whole = (url: string) => door.raw(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n${end}`)
    expect(await whole('http://evil.example/healthz')).toMatch(/^HTTP\/1.1 403 /)
    expect(await whole('http://localhost/healthz')).toMatch(/^HTTP\/1.1 200 /)
    expect(await door.raw('GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /)
  })
})

describe('a page', () => {
  it('of another site is refused on every route, whatever it sends', async () => {
    const foreign: Record<string, string>[] = [
      ...[
        'http://evil.example',
        'https://localhost.evil.example',
        'null',
        'http://localhost:3000',
        'file://',
      ].map((origin) => ({ origin })),
      ...['cross-site', 'same-site', 'other'].map((site) => ({ 'sec-fetch-site': site })),
      { origin: 'http://localhost', 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of foreign) {
      for (const path of routes)
        expect(await get(path, { host: 'localhost', ...headers })).toMatchObject({
          status: 403,
          body: { error: { code: 'ORIGIN_FOREIGN' } },
        })
      const post = { host: 'localhost', 'content-type': 'text/plain', ...headers }
      const answer = await door.send('{"planted":1}\n', post)
      expect(answer).toMatchObject({ status: 403 })
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      const preflight = { ...post, 'access-control-request-method': 'POST' }
      expect(await door.send(undefined, preflight, { method: 'OPTIONS' })).toMatchObject({ status: 403 })
    }
    expect(await door.held()).toBe('')
  })

  it('of this server, and an address that a person typed, are served', async () => {
    const host = `localhost:${door.port}`
    for (const headers of [
      { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ])
      expect(await get('/metrics', { host, ...headers })).toMatchObject({ status: 200 })
    await start({ hosts: ['logs.example.org'] })
    // nginx names itself in Host unless it is told otherwise.
    expect(await get('/metrics', { origin: 'https://logs.example.org' })).toMatchObject({ status: 200 })
    expect(await get('/metrics', { origin: 'https://logs.example.org:9000' })).toMatchObject({ status: 403 })
    await start()
  })
})

describe('what comes through a proxy on this machine', () => {
  const sent = (headers: Record<string, string>) => door.send('a\n', headers)
  const refused = { status: 403, body: { error: { code: 'TOKEN_NOT_SET' } } }

  it('is not from this machine where the proxy is not named', async () => {
    for (const name of [
      'x-forwarded-for',
      'forwarded',
      'x-real-ip',
      'x-forwarded-proto',
      'x-forwarded-host',
      'via',
    ])
      expect(await sent({ [name]: name === 'forwarded' ? 'for=127.0.0.1' : '127.0.0.1' })).toMatchObject(
        refused,
      )
    expect(await sent({})).toMatchObject({ status: 200 })
  })

  it('is from whom a proxy says that is named', async () => {
    await start({ proxies: ['127.0.0.0/8', '::1', '10.0.0.0/8'] })
    const near: Record<string, string>[] = [
      { 'x-forwarded-for': '127.0.0.1' },
      { 'x-forwarded-for': '127.0.0.1:4711, ::1' },
      { forwarded: 'for="[::1]:4711";proto=http' },
      { forwarded: 'proto=http;For=127.0.0.1', 'x-forwarded-for': '::ffff:127.0.0.1' },
    ]
    for (const headers of near) expect(await sent(headers)).toMatchObject({ status: 200 })
    const far: Record<string, string>[] = [
      ...[
        '203.0.113.9',
        '127.0.0.1, 203.0.113.9',
        '203.0.113.9, 10.1.2.3',
        '127.0.0.1, 10.1.2.3',
        'unknown',
      ].map((client) => ({
        'x-forwarded-for': client,
      })),
      ...[
        'for=203.0.113.9',
        'for=_hidden',
        'for=unknown',
        'by=127.0.0.1',
        'for=127.0.0.1, for=203.0.113.9',
      ].map((forwarded) => ({ forwarded })),
      // One of them the client wrote itself.
      { forwarded: 'for=127.0.0.1', 'x-forwarded-for': '203.0.113.9' },
      { forwarded: 'for=203.0.113.9', 'x-forwarded-for': '127.0.0.1' },
      { 'x-real-ip': '127.0.0.1' },
      {},
    ]
    for (const headers of far) expect(await sent(headers)).toMatchObject(refused)
    await start()
  })
})

describe('a path', () => {
  it('is taken as it was sent', async () => {
    const paths = [
      ...['/v1/ingest/../../metrics', '/x/../metrics', '/./metrics', '//metrics', '/metrics/', '/%6detrics'],
      ...[
        '/v1/ingest/web/../../../metrics',
        '/v1/ingest/%2e%2e/%2e%2e/metrics',
        '/..%2fmetrics',
        '\\metrics',
      ],
      ...['/metrics;x', '/v1//ingest/web', '/v1/ingest/web/', '/v1/ingest/web%2F', '/v1/ingest/w%65b', '*'],
    ]
    for (const path of paths)
      for (const method of ['GET', 'POST']) {
        const answer = await door.raw(
          `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
        )
        expect(answer, path).toMatch(/^HTTP\/1.1 40[045] /)
      }
    expect(await get('/metrics?x=/../y')).toMatchObject({ status: 200 })
  })
})

describe('a stranger', () => {
  it('hears of no source that it may not send to', async () => {
    await start({ tokens: new Map([['web', [hashOf('one')]]]) })
    const ask = async (headers: Record<string, string>) =>
      (await door.send('a\n', headers, { path: '/v1/ingest/wbe' })).body.error?.message
    const far = { 'x-forwarded-for': '203.0.113.9' }
    expect(await ask({})).toBe('There is no source wbe in the definition. There are: edge.')
    expect(await ask(far)).toBe('There is no source wbe in the definition.')
    expect(await ask({ ...far, authorization: 'Bearer wrong' })).toBe(
      'There is no source wbe in the definition.',
    )
    expect(await ask({ ...far, authorization: 'Bearer one' })).toContain('Did you mean web?')
    await start()
  })
})

describe('TLS', () => {
  it('lets go of a client that does not get on with its handshake, and knows the names of its certificate', async () => {
    expect(DEFAULT_LIMITS.handshakeMs).toBe(10_000)
    await start({ tls: { cert: CERT, key: KEY }, limits: { handshakeMs: 200 } })
    await new Promise((resolve) =>
      connect(door.port, '127.0.0.1')
        .on('error', () => {})
        .once('close', resolve),
    )
    expect(await door.statusByTls({ host: 'millrace.test' })).toBe(200)
    expect(await door.statusByTls({ host: 'other.test' })).toBe(403)
    await start()
  })
})
