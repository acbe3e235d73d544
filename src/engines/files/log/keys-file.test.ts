/** What becomes of a log whose file of keys is damaged: it does not open, since a repeated batch could count twice. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { batchOf } from '../../../../test/contract/log.contract.ts'
import { FilesLog } from '../log.ts'

let dataDir: string
let path: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-keys-'))
  path = join(dataDir, 'log', 'web', 'keys.ndjson')
})
afterEach(() => rm(dataDir, { recursive: true }))

/** A segment a batch. */
const open = () => FilesLog.open({ dataDir, firstOffset: async () => 0, segmentBytes: 60 })

async function send(log: FilesLog, ...keys: string[]) {
  const told: unknown[] = []
  for (const key of keys) {
    const idempotency = { scope: '', key, digest: Buffer.alloc(32, key) }
    const { firstOffset, isDuplicate } = await log.append('web', { ...batchOf(`${key}\n`), idempotency })
    told.push([firstOffset, isDuplicate])
  }
  return told
}

async function make(...keys: string[]): Promise<string> {
  const log = await open()
  await send(log, ...keys)
  await log.close()
  return readFile(path, 'utf8')
}

async function openedWith(content: string | Uint8Array): Promise<string> {
  await writeFile(path, content)
  const failure = await open().then(
    (log) => log.close(),
    (error: Error & { code: string }) => `${error.code} ${error.message}`,
  )
  return failure ?? 'opened'
}

it('is known again after a restart, and a batch that is repeated counts once', async () => {
  await make('a', 'b', 'c')
  const log = await open()
  expect(await send(log, 'a', 'b', 'c', 'd')).toEqual([
    ...[0, 1, 2].map((offset) => [offset, true]),
    [3, false],
  ])
  await log.close()
})

it('keeps a log closed where any byte of it is wrong, or it is cut, empty, missing or older', async () => {
  const older = await make('a', 'b')
  const text = await make('c', 'd')
  for (let at = 0; at < text.length; at += 7) {
    const bytes = Buffer.from(text)
    bytes[at]! ^= 1
    expect(await openedWith(bytes), `byte ${at}`).toMatch(/^LOG_KEYS_DAMAGED /)
  }
  const lines = text.split('\n')
  const wrong = [
    '',
    '\n',
    'no JSON\n',
    '[]\n',
    text.slice(0, -1),
    `${lines[0]}\n`,
    `${lines.slice(1).join('\n')}`,
  ]
  for (const content of wrong) expect(await openedWith(content), content).toMatch(/^LOG_KEYS_DAMAGED /)
  expect(await openedWith(older)).toMatch(/^LOG_KEYS_DAMAGED .*older than the last segment/)
  await rm(path)
  await expect(open()).rejects.toMatchObject({
    code: 'LOG_KEYS_DAMAGED',
    message: expect.stringContaining('is missing'),
  })
  expect(await openedWith(text)).toBe('opened')
})

it('can be given up by the line that the message tells', async () => {
  await make('a', 'b', 'c')
  const failure = await openedWith('x')
  expect(await openedWith(`${/\{.*\}$/.exec(failure)![0]}\n`)).toBe('opened')
  const log = await open()
  // The last segment has its own keys.
  expect(await send(log, 'a', 'c')).toEqual([
    [3, false],
    [2, true],
  ])
  await log.close()
})

it('is read as older versions wrote it', async () => {
  const text = await make('a', 'b', 'c')
  const segment = join(dataDir, 'log', 'web', '0000000000000002.log')
  const bytes = await readFile(segment)
  bytes.writeUInt32LE(0, 44)
  await writeFile(segment, bytes)
  expect(await openedWith(text.slice(text.indexOf('\n') + 1))).toBe('opened')
  const log = await open()
  expect(await send(log, 'b')).toEqual([[1, true]])
  await log.close()
  expect(await openedWith('[["", "a"')).toMatch(/^LOG_KEYS_DAMAGED /)
})
