/** Permissions of what is made after `limitAccess`, in a new data folder and in one that is there. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { limitAccess, restoreAccess } from './data-access.ts'

let folder: string
let data: string
const was = process.umask()
process.umask(0o022)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-access-'))
  data = join(folder, 'data')
})
afterEach(() => {
  restoreAccess()
  rmSync(folder, { recursive: true })
})
afterAll(() => void process.umask(was))

/** The modes of a folder and a file that are made in the data folder. */
function modes(): string {
  mkdirSync(join(data, 'log'), { recursive: true })
  writeFileSync(join(data, 'log', 'file'), '')
  return [data, join(data, 'log'), join(data, 'log', 'file')]
    .map((path) => (statSync(path).mode & 0o777).toString(8))
    .join(' ')
}

it("makes a new folder its owner's alone, or as the definition says", async () => {
  await limitAccess(data, undefined)
  expect(modes()).toBe('700 700 600')
  rmSync(data, { recursive: true })
  await limitAccess(data, 0o750)
  expect(modes()).toBe('750 750 640')
  rmSync(data, { recursive: true })
  await limitAccess(data, 0o755)
  expect(modes()).toBe('755 755 644')
})

it('goes by the folder that is there, and changes nothing of it', async () => {
  for (const [mode, expected] of [
    [0o755, '755 755 644'],
    [0o750, '750 750 640'],
    [0o700, '700 700 600'],
    [0o777, '777 755 644'],
  ] as const) {
    mkdirSync(data)
    chmodSync(data, mode)
    await limitAccess(data, undefined)
    expect(modes()).toBe(expected)
    rmSync(data, { recursive: true })
  }
  mkdirSync(data, { mode: 0o755 })
  await limitAccess(data, 0o700)
  restoreAccess()
  expect(statSync(data).mode & 0o777).toBe(0o755)
  expect(process.umask()).toBe(0o022)
})
