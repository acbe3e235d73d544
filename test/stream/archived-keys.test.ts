/** A batch that is archived is known under its key, whatever became of the log that took it. */
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { batchOf, keyOf } from '../contract/log.contract.ts'

const DAY_MS = 86_400_000

let dataDir: string
let archive: FilesArchive
let log: FilesLog
let nowMs: number
beforeEach(async () => {
  nowMs = Date.UTC(2026, 0, 5)
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-archived-keys-'))
  archive = new FilesArchive({ dataDir })
  log = await openLog()
})
afterEach(async () => {
  await log.close()
  await rm(dataDir, { recursive: true })
})

function openLog(): Promise<FilesLog> {
  const clocks = { now: () => nowMs, steady: () => nowMs }
  return FilesLog.open({
    ...{ dataDir, clocks },
    firstOffset: async (source) => (await archive.manifest(source))?.nextOffset ?? 0,
    archivedKeys: (source, sinceMs) => archive.keys(source, sinceMs),
  })
}

const folder = () => join(dataDir, 'log/web')
const post = (key: string) => log.append('web', batchOf(`${key}\n`, keyOf(key, key)))
const archiveAll = () =>
  archiveLog({ log, archive, passed: async () => undefined }, 'web', { isUrgent: true })

/** Stops the server, does something to the log, and starts again. */
async function restart(harm: () => Promise<void> = async () => undefined): Promise<void> {
  await log.close()
  await harm()
  log = await openLog()
}

it('knows archived batches after the folder of the log was deleted, also after the next restart', async () => {
  const appended = await post('a')
  await post('b')
  await archiveAll()
  await post('not archived')
  await restart(() => rm(folder(), { recursive: true }))
  expect(await post('a')).toEqual({ ...appended, isDuplicate: true })
  expect(await post('b')).toMatchObject({ firstOffset: 1, isDuplicate: true })
  // Its line is nowhere any more, so it is new.
  expect(await post('not archived')).toMatchObject({ firstOffset: 2, isDuplicate: false })
  await restart()
  expect(await post('a')).toEqual({ ...appended, isDuplicate: true })
  await expect(log.append('web', batchOf('c\n', keyOf('b', 'c')))).rejects.toMatchObject({
    code: 'LOG_KEY_REUSED',
  })
  expect((await archive.manifest('web'))!.nextOffset).toBe(2)
})

it('knows them after an older copy of the log was put back', async () => {
  await post('a')
  await log.close()
  await cp(folder(), join(dataDir, 'copy'), { recursive: true })
  log = await openLog()
  await post('b')
  await archiveAll()
  await restart(async () => {
    await rm(folder(), { recursive: true })
    await cp(join(dataDir, 'copy'), folder(), { recursive: true })
  })
  expect(await post('b')).toMatchObject({ firstOffset: 1, isDuplicate: true })
  expect(await post('a')).toMatchObject({ firstOffset: 0, isDuplicate: true })
  expect(await post('c')).toMatchObject({ firstOffset: 2, isDuplicate: false })
})

it('takes the file of keys that a lost log left for none', async () => {
  await post('a')
  await archiveLog({ log, archive, passed: async () => undefined }, 'web', { isUrgent: true })
  // Nobody may repeat what came a day ago, so the archive has no key to give.
  nowMs += DAY_MS + 1
  await restart(async () => {
    for (const name of await readdir(folder())) if (name.endsWith('.log')) await rm(join(folder(), name))
    await writeFile(join(folder(), 'keys.ndjson'), '{"keys":0,"end":0,"crc32c":"00000000"}\n')
  })
  expect(await post('a')).toMatchObject({ firstOffset: 1, isDuplicate: false })
  await restart()
  expect(await post('a')).toMatchObject({ firstOffset: 1, isDuplicate: true })
})

it('takes nothing while the keys that it needs cannot be read, for a day', async () => {
  await post('a')
  await archiveAll()
  const contents = join(dataDir, 'archive/web/contents')
  for (const name of await readdir(contents)) await rm(join(contents, name))
  // The log has them itself.
  await restart()
  expect(await post('a')).toMatchObject({ isDuplicate: true })
  await restart(() => rm(folder(), { recursive: true }))
  nowMs += DAY_MS
  await expect(post('b')).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT_KEYS' })
  nowMs += 1
  expect(await post('b')).toMatchObject({ firstOffset: 1, isDuplicate: false })
})
