import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
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
  await expect(realDisk.makeFolder('/proc/none/blocks')).rejects.toThrow('ENOENT')
})
