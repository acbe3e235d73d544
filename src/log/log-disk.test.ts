/** The log's real disk: a sync asks the system for one, of the very file, and a failure of it is told as such. */
import { type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FilesLog } from '../engines/files/log.ts'
import { realLogDisk, SyncFailure } from './log-disk.ts'

let folder: string
let handle: FileHandle
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-log-disk-'))
  handle = await open(join(folder, 'any'), 'w')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await handle.close()
  await rm(folder, { recursive: true })
})

/** Calls through, and notes how long the file was each time. */
function watchSyncs(path: () => string): number[] {
  const lengths: number[] = []
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  const datasync = prototype.datasync
  vi.spyOn(prototype, 'datasync').mockImplementation(async function (this: FileHandle) {
    await datasync.call(this)
    const [mine, its] = [await this.stat(), await readFile(path())]
    lengths.push(mine.size === its.length ? its.length : -1)
  })
  return lengths
}

it('syncs what was appended before it resolves', async () => {
  const path = join(folder, 'a')
  const lengths = watchSyncs(() => path)
  const file = await realLogDisk.openAppend(path, 0)
  await file.append([Buffer.from('one'), Buffer.from('two')])
  expect(lengths).toEqual([])
  await file.sync()
  expect(lengths).toEqual([6])
  await file.close()
})

it('is what each batch waits for that a log acks', async () => {
  const log = await FilesLog.open({ dataDir: folder, firstOffset: async () => 0 })
  const lengths = watchSyncs(() => join(folder, 'log/web/0000000000000000.log'))
  const append = () => log.append('web', { chunks: [Buffer.from('line\n')], lines: 1 })
  await append()
  // The header of the new segment, then the batch behind it.
  expect(lengths.length).toBe(2)
  expect(lengths[1]).toBeGreaterThan(lengths[0]!)
  await append()
  expect(lengths[2]).toBeGreaterThan(lengths[1]!)
  await log.close()
})

it('tells a failed sync apart from a failed write', async () => {
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  vi.spyOn(prototype, 'datasync').mockRejectedValue(Object.assign(new Error('EIO'), { code: 'EIO' }))
  const file = await realLogDisk.openAppend(join(folder, 'a'), 0)
  await file.append([Buffer.from('one')])
  await expect(file.sync()).rejects.toBeInstanceOf(SyncFailure)
  await file.close()
})
