/** The door for lines: what it answers, and that what it acked is in the log, once. */
import { createHash } from 'node:crypto'
import { deflateSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Door, sourceOf } from './door.ts'

const TOKEN = 'correct-horse'
const HASH = createHash('sha256').update(TOKEN).digest('hex')

let door: Door

beforeEach(async () => {
  door = new Door()
  await door.start()
})
afterEach(() => door.remove())

describe('lines', () => {
  it('are acked with their offsets, and are in the log as they came', async () => {
    const { status, body } = await door.send('{"a":1}\r\nnot json\n')
    expect(status).toBe(200)
    expect(body).toMatchObject({ source: 'web', lines: 2, first_offset: 0, end_offset: 2, duplicate: false })
    expect(Date.parse(String(body.observed))).toBeGreaterThan(Date.now() - 60_000)
    expect((await door.send('last without newline')).body).toMatchObject({ lines: 1, first_offset: 2 })
    expect(await door.held()).toBe('{"a":1}\r\nnot json\nlast without newline\n')
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)('are unpacked from %s', async (encoding, pack) => {
    const text = `${'{"path":"/"}\n'.repeat(5000)}`
    const { status, body } = await door.send(pack(text), { 'content-encoding': encoding })
    expect([status, body.lines]).toEqual([200, 5000])
    expect(await door.held()).toBe(text)
  })

  it('lose a byte order mark at the start, and keep bytes that are no UTF-8', async () => {
    await door.send(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from([0x61, 0xff, 0x0a])]))
    const [batch] = await door.log.read('web', 0, 1000)
    expect(Buffer.from(batch!.bytes)).toEqual(Buffer.from([0x61, 0xff, 0x0a]))
  })

  it('may come under the name that a source had, with its tokens and keys', async () => {
    const site = { ...sourceOf('site'), was: 'web' }
    await door.start({ tokens: new Map([['site', [HASH]]]) }, { sources: new Map([['site', site]]) })
    const headers = { authorization: `Bearer ${TOKEN}`, 'idempotency-key': 'k' }
    expect((await door.send('one\n', {})).status).toBe(401)
    const answer = { status: 200, body: { source: 'site', first_offset: 0, end_offset: 1 } }
    expect(await door.send('one\n', headers)).toMatchObject(answer)
    const again = await door.send('one\n', headers, { path: '/v1/ingest/site' })
    expect(again).toMatchObject({ ...answer, body: { duplicate: true } })
  })

  it('have a context where their source needs one', async () => {
    const sources = [sourceOf('web'), sourceOf('syslog', 'rfc3164')]
    await door.start({}, { sources: new Map(sources.map((source) => [source.name, source])) })
    await door.send('{"t":"Mar  1 10:00:00"}\n', {}, { path: '/v1/ingest/syslog' })
    await door.send('{"t":"2026-03-01T10:00:00Z"}\n')
    const [syslog] = await door.log.read('syslog', 0, 1000)
    const [web] = await door.log.read('web', 0, 1000)
    expect([syslog!.context, web!.context]).toEqual(['{"format":1}', undefined])
  })

  it('of an empty body are none', async () => {
    expect(await door.send('')).toMatchObject({ status: 200, body: { lines: 0 } })
    expect(await door.held()).toBe('')
  })

  it('with a hundred thousand fields or deep nesting are lines like others', async () => {
    const wide = JSON.stringify(
      Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`f${index}`, 1])),
    )
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(await door.send(`${wide}\n${deep}\n`)).toMatchObject({ status: 200, body: { lines: 2 } })
  })
})

describe('a batch that is repeated', () => {
  it('under its key counts once, also after a restart', async () => {
    const headers = { 'idempotency-key': 'batch-7' }
    expect((await door.send('a\nb\n', headers)).body).toMatchObject({ duplicate: false, first_offset: 0 })
    expect((await door.send('a\nb\n', headers)).body).toMatchObject({
      duplicate: true,
      first_offset: 0,
      end_offset: 2,
    })
    await door.start()
    expect((await door.send('a\nb\n', headers)).body).toMatchObject({ duplicate: true, first_offset: 0 })
    expect(await door.held()).toBe('a\nb\n')
  })

  it('with other lines is refused, and so is a key that is none', async () => {
    await door.send('a\n', { 'idempotency-key': 'k' })
    expect(await door.send('b\n', { 'idempotency-key': 'k' })).toMatchObject({
      status: 422,
      body: { error: { code: 'LOG_KEY_REUSED' } },
    })
    expect(await door.send('b\n', { 'idempotency-key': 'two words' })).toMatchObject({ status: 400 })
    expect(await door.held()).toBe('a\n')
  })
})

describe('what is refused', () => {
  it('names a source that may be meant', async () => {
    const { status, body } = await door.send('a\n', {}, { path: '/v1/ingest/wbe' })
    expect(status).toBe(404)
    expect(body.error?.message).toContain('Did you mean web?')
  })

  it('says which method is understood', async () => {
    const { status, headers } = await door.send(undefined, {}, { method: 'PUT' })
    expect([status, headers.allow]).toEqual([405, 'POST'])
  })

  it('is an encoding that is not known, and a body that is not what it says', async () => {
    expect(await door.send('a\n', { 'content-encoding': 'br' })).toMatchObject({ status: 415 })
    expect(await door.send('no gzip\n', { 'content-encoding': 'gzip' })).toMatchObject({
      status: 400,
      body: { error: { code: 'BODY_CORRUPT' } },
    })
    expect(
      await door.send(gzipSync('cut off\n').subarray(0, 15), { 'content-encoding': 'gzip' }),
    ).toMatchObject({
      status: 400,
    })
    expect(await door.held()).toBe('')
  })

  it('is a body that is too large, packed or unpacked, and a line that is too long', async () => {
    await door.start({ limits: { bodyBytes: 10_000, unpackedBytes: 100_000, lineBytes: 500 } })
    expect(await door.send('x\n'.repeat(6000))).toMatchObject({
      status: 413,
      body: { error: { code: 'BODY_TOO_LARGE' } },
    })
    const bomb = gzipSync('x\n'.repeat(10_000_000))
    expect(bomb.length).toBeGreaterThan(10_000)
    const small = gzipSync('x\n'.repeat(100_000))
    expect(await door.send(small, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 413,
      body: { error: { message: expect.stringContaining('unpacked, more than 100000 bytes') } },
    })
    expect(await door.send(`ok\n${'y'.repeat(501)}\n`)).toMatchObject({
      status: 413,
      body: { error: { code: 'LINE_TOO_LONG', message: expect.stringContaining('Line 2') } },
    })
    expect(await door.held()).toBe('')
    expect(door.counters.bytesUnderway).toBe(0)
  })

  it('is more than fits into memory at once', async () => {
    await door.start({ limits: { bytesAtOnce: 1000 } })
    expect(await door.send('x\n'.repeat(600))).toMatchObject({
      status: 429,
      headers: { 'retry-after': '2' },
      body: { error: { code: 'TOO_BUSY' } },
    })
    expect(await door.send('x\n')).toMatchObject({ status: 200 })
  })
})

describe('tokens', () => {
  it('are asked for where a source has any', async () => {
    await door.start({ tokens: new Map([['web', [HASH]]]) })
    expect(await door.send('a\n')).toMatchObject({ status: 401 })
    expect(await door.send('a\n', { authorization: 'Bearer wrong' })).toMatchObject({ status: 403 })
    expect(await door.send('a\n', { authorization: `Bearer ${TOKEN}` })).toMatchObject({ status: 200 })
    expect(await door.send('a\n', {}, { path: '/v1/ingest/edge' })).toMatchObject({ status: 200 })
  })
})

describe('a client', () => {
  const head = 'POST /v1/ingest/web HTTP/1.1\r\nHost: localhost\r\n'

  it('that leaves in the middle of a body adds nothing', async () => {
    await door.raw(`${head}Content-Length: 100\r\n\r\nhalf a li`, (socket) => socket.destroy())
    expect(await door.send('whole\n')).toMatchObject({ status: 200, body: { first_offset: 0 } })
    expect(await door.held()).toBe('whole\n')
    expect(door.counters.bytesUnderway).toBe(0)
  })

  it('that is too slow is told so, and lets go', async () => {
    await door.start({ limits: { requestMs: 600 } })
    expect(await door.raw(`${head}Content-Length: 100\r\n\r\nslow`)).toMatch(/^HTTP\/1.1 408 /)
    expect(await door.held()).toBe('')
  })

  it('that sends no HTTP is refused', async () => {
    expect(await door.raw('hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
  })
})

describe('a stop under load', () => {
  it('loses nothing that was acked', async () => {
    const acked: string[] = []
    let isOver = false
    const clients = Array.from({ length: 8 }, async (_, client) => {
      for (let index = 0; !isOver; index++) {
        const line = `${client}-${index}\n`
        const answer = await door.send(line).catch(() => undefined)
        if (answer?.status === 200) acked.push(line)
        else return
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await door.server.stop(1000)
    isOver = true
    await Promise.all(clients)
    const lines = (await door.held()).split('\n').filter(Boolean)
    expect(acked.length).toBeGreaterThan(10)
    expect(new Set(lines).size).toBe(lines.length)
    expect(acked.filter((line) => !lines.includes(line.trim()))).toEqual([])
  })
})

describe('what watches over it', () => {
  it('shows that it is well, and what it counted', async () => {
    await door.send('a\nb\n')
    await door.send('c\n', { 'content-encoding': 'br' })
    expect(await door.send(undefined, {}, { path: '/healthz', method: 'GET' })).toMatchObject({ status: 200 })
    const { headers, body } = await door.send(undefined, {}, { path: '/metrics', method: 'GET' })
    expect(headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(body.text).toContain('millrace_ingest_lines_total{source="web"} 2\n')
    expect(body.text).toContain('millrace_ingest_requests_total{status="415"} 1\n')
    expect(body.text).toMatch(/# EOF\n$/)
  })

  it('has nothing elsewhere, and says what there is', async () => {
    for (const path of ['/', '//', '///', '/v1/ingest', '/v1/ingest/', '/v1/ingest/web/', '/%zz'])
      for (const method of ['GET', 'POST'])
        expect(await door.send(undefined, {}, { path, method })).toMatchObject({
          status: 404,
          body: { error: { message: expect.stringContaining('/v1/ingest/SOURCE') } },
        })
    const unknown = { status: 404, body: { error: { code: 'SOURCE_UNKNOWN' } } }
    expect(await door.send('a\n', {}, { path: '/v1/ingest/%zz' })).toMatchObject(unknown)
  })
})
