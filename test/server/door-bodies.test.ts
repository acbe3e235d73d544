/** What bodies the door takes: packed ones whole or not at all, text, and lines of the source. */
import { createHash } from 'node:crypto'
import { deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Door } from './door.ts'

const door = new Door()
beforeAll(() => door.start())
afterAll(() => door.remove())

const zeros = Buffer.alloc(512)
const members = ['a\nb', '\nc\n', 'd\n'].map((text) => gzipSync(text))
const gzip = (body: Buffer) => door.send(body, { 'content-encoding': 'gzip' })

describe('a body of several members', () => {
  it.each([
    ['one behind another', members],
    ['with zero bytes between and behind', members.flatMap((member) => [member, zeros])],
    ['with an empty one', [members[0]!, gzipSync(''), members[1]!, zeros, gzipSync(''), members[2]!]],
  ])('%s is acked whole', async (_, parts) => {
    const before = await door.held()
    expect(await gzip(Buffer.concat(parts))).toMatchObject({ status: 200, body: { lines: 4 } })
    expect(await door.held()).toBe(`${before}a\nb\nc\nd\n`)
  })

  it('is acked whole wherever the network cuts it', async () => {
    const body = Buffer.concat([members[0]!, zeros.subarray(0, 3), members[1]!, members[2]!, Buffer.alloc(2)])
    const before = await door.held()
    const head = `POST /v1/ingest/web HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nConnection: close\r\n`
    const answer = await door.raw(`${head}Transfer-Encoding: chunked\r\n\r\n`, (socket) => {
      for (const byte of body) socket.write(Buffer.from([0x31, 13, 10, byte, 13, 10]))
      socket.write('0\r\n\r\n')
    })
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(await door.held()).toBe(`${before}a\nb\nc\nd\n`)
  })
})

describe('what is refused, with nothing added', () => {
  const deflated = deflateSync('a\n')
  const cut = members[1]!.subarray(0, -3)
  it.each([
    ['a member that is cut short', 'gzip', [members[0]!, cut], 'too early'],
    ['one that is cut short behind padding', 'gzip', [members[0]!, zeros, cut], 'too early'],
    ['text behind a member', 'gzip', [members[0]!, Buffer.from('text')], 'is not packed'],
    ['text behind padding', 'gzip', [members[0]!, zeros, Buffer.from('text')], 'is not packed'],
    ['padding in front', 'gzip', [zeros, members[0]!], 'incorrect header'],
    ['nothing at all', 'gzip', [], 'nothing in it'],
    ['a second stream of deflate', 'deflate', [deflated, deflateSync('b\n')], 'more bytes follow'],
    ['a zero byte behind deflate', 'deflate', [deflated, Buffer.alloc(1)], 'more bytes follow'],
  ])('%s', async (_, encoding, parts, why) => {
    const before = await door.held()
    const answer = await door.send(Buffer.concat(parts), { 'content-encoding': encoding })
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'BODY_CORRUPT' } } })
    expect(answer.body.error?.message).toContain(why)
    expect(await door.held()).toBe(before)
  })

  const noise = Buffer.from(
    createHash('shake128', { outputLength: 500 })
      .update('noise')
      .digest()
      .map((byte) => byte || 1),
  )
  it.each([
    ['gzip that no header tells of', members[0]!, 'Content-Encoding: gzip'],
    ['deflate that no header tells of', deflateSync('{"a":1}\n{"a":2}\n'), 'packed as deflate'],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]), 'packed as zstd'],
    ['lz4', Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x64]), 'packed as lz4'],
    ['bzip2', Buffer.from('BZh91AY&SY'), 'packed as bzip2'],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), 'packed as xz'],
    ['zip', Buffer.from('PK\x03\x04'), 'packed as zip'],
    ['UTF-16', Buffer.from('\ufeffline\n', 'utf16le'), 'UTF-16LE'],
    ['a NUL byte', Buffer.from('line\nli\0ne\n'), 'a NUL byte'],
    ['noise', noise, 'control characters'],
  ])('%s', async (_, body, why) => {
    const before = await door.held()
    for (const [headers, sent] of [
      [{}, body],
      [{ 'content-encoding': 'deflate' }, deflateSync(body)],
    ] as const) {
      const answer = await door.send(sent, headers)
      expect(answer).toMatchObject({ status: 415, body: { error: { code: 'BODY_NOT_TEXT' } } })
      if (sent === body) expect(answer.body.error?.message).toContain(why)
    }
    expect(await door.held()).toBe(before)
  })
})

describe('a body that is plainly no lines of the source', () => {
  it.each([
    ['a JSON array', '[{"a":1},{"a":2}]', "jq -c '.[]'"],
    ['a message of OTLP', '{"resourceLogs":[]}', 'a line of its own'],
    ["a push of Loki's protocol", '{"streams":[]}', 'a line of its own'],
    ['MessagePack', Buffer.from([0x81, 0xa1, 0x61, 1]), 'one JSON object'],
    ['several JSON objects on one line', '{"a":1}{"a":2}', 'jq -c .'],
  ])('%s is refused by 422 with what to do, plain or packed', async (what, body, remedy) => {
    const before = await door.held()
    for (const answer of [await door.send(body), await gzip(gzipSync(body))]) {
      expect(answer).toMatchObject({ status: 422, body: { error: { code: 'BODY_NOT_LINES' } } })
      expect(answer.body.error?.message).toContain(`The body is ${what}, not lines of source web`)
      expect(answer.body.error?.message).toContain(remedy)
    }
    expect(await door.held()).toBe(before)
  })

  it('is not one with bad lines, which are kept', async () => {
    expect(await door.send('not json\n[1]\n')).toMatchObject({ status: 200, body: { lines: 2 } })
  })
})
