/** The archive on files, with and without a mirror, keeps the contract. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { describeArchive } from './archive.contract.ts'

const limits = { pieceBytes: 256, blockBytes: 1024 }

async function makeFixture(hasMirror: boolean) {
  const folder = await mkdtemp(join(tmpdir(), "millrace archive's "))
  const mirror = hasMirror ? { mirror: join(folder, 'mirror') } : {}
  return {
    open: () => new FilesArchive({ dataDir: join(folder, 'data'), limits, ...mirror }),
    remove: () => rm(folder, { recursive: true }),
  }
}

describeArchive('files', () => makeFixture(false))
describeArchive('files with a mirror', () => makeFixture(true))
