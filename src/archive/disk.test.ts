/** The archive's real disk: folders made side by side, and syncs that ask the system for one. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { realDisk } from './disk.ts'

it('makes folders that others make at the same time', async () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-disk-'))
  try {
    for (let round = 0; round < 50; round++) {
      const paths = Array.from({ length: 8 }, (_, index) =>
        join(root, `data${round}`, 'archive', `s${index}`, 'blocks'),
      )
      await Promise.all(paths.map((path) => realDisk.makeFolder(path)))
      expect(paths.filter((path) => !existsSync(path))).toEqual([])
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

it('gives up where no folder can be made', async () => {
  await expect(realDisk.makeFolder('/proc/none/blocks')).rejects.toThrow('there is no such file or folder')
})

it('asks the system to sync a file, and the folder that holds its name', async () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-disk-'))
  const path = join(root, 'a')
  const handle = await open(path, 'w')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  const sync = vi.spyOn(prototype, 'sync')
  try {
    await realDisk.syncFile(path)
    expect(sync).toHaveBeenCalledTimes(1)
    await realDisk.syncFolder(root)
    expect(sync).toHaveBeenCalledTimes(2)
    await realDisk.makeFolder(join(root, 'folder'))
    expect(sync).toHaveBeenCalledTimes(3)
  } finally {
    vi.restoreAllMocks()
    await handle.close()
    rmSync(root, { recursive: true, force: true })
  }
})
