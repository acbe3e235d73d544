/** What the system does not let us look at is an error, and not an empty folder; a loop of links refuses every user, root too. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDuckdbReport } from '../engines/duckdb/report.ts'
import { FilesArchive } from '../engines/files/archive.ts'
import { listLogs } from '../engines/files/log.ts'
import { readPending } from '../engines/files/pending-ingests.ts'
import type { SourceFolder } from '../engines/files/source-folder.ts'
import { holderOf, isMine } from './lock.ts'
import { isFolder, refusalOf } from './unreadable.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-unreadable-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const refuse = (name: string) => symlinkSync(name, join(dataDir, name))

it.each([
  ['archive', () => new FilesArchive({ dataDir }).sources()],
  ['log', () => listLogs(dataDir)],
  ['log.lock', () => holderOf(join(dataDir, 'log.lock'))],
  ['own.lock', () => isMine(join(dataDir, 'own.lock'))],
  ['report.duckdb', () => openDuckdbReport(dataDir, 'read')],
  ['folder', () => isFolder(join(dataDir, 'folder'))],
  ['mirror', async () => new FilesArchive({ dataDir, mirror: join(dataDir, 'mirror') })],
  ['0.json', () => readPending({ pending: dataDir } as SourceFolder)],
])('tells which path it may not read: %s', async (name, look) => {
  refuse(name)
  await expect(look()).rejects.toMatchObject({
    code: 'DATA_UNREADABLE',
    message: expect.stringMatching(new RegExp(`${join(dataDir, name)} as user \\S`)),
  })
})

it('takes no manifest that cannot be looked at for a damaged one', async () => {
  mkdirSync(join(dataDir, 'archive', 'web'), { recursive: true })
  const path = join(dataDir, 'archive', 'web', 'manifest.json')
  symlinkSync('manifest.json', path)
  const archive = new FilesArchive({ dataDir })
  await expect(archive.scrub('web')).rejects.toMatchObject({ code: 'DATA_UNREADABLE' })
  // One that is broken is.
  rmSync(path)
  writeFileSync(path, 'no manifest')
  await expect(archive.manifest('web')).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT_MANIFEST' })
})

it('calls no refusal of the system a bug', () => {
  const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', path: '/data/tmp/x' })
  expect(refusalOf(full)).toMatchObject({ code: 'SYSTEM_REFUSED', params: { path: '/data/tmp/x' } })
  expect(refusalOf(new TypeError('x is undefined'))).toBeUndefined()
})
