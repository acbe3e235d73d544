/** The archive on files, with and without a mirror, keeps the contract. */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { describeArchive } from './archive.contract.ts'
import { inputOf } from './archive-lines.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const limits = { pieceBytes: 256, blockBytes: 1024 }

async function makeFixture(hasMirror: boolean) {
  const folder = await mkdtemp(join(tmpdir(), "millrace archive's "))
  const mirror = hasMirror ? { mirror: join(folder, 'mirror') } : {}
  return {
    folder,
    open: () => new FilesArchive({ dataDir: join(folder, 'data'), limits, ...mirror }),
    remove: () => rm(folder, { recursive: true }),
  }
}

describe('the list of what was ingested', () => {
  const code = (taking: Promise<unknown>) =>
    taking.then(
      () => 'taken',
      (error: { code: string }) => error.code,
    )

  it('comes back from the mirror, and begins again where no copy is whole', async () => {
    for (const hasMirror of [true, false]) {
      const fixture = await makeFixture(hasMirror)
      const take = async (name: string, repeats?: 'again') => {
        const archive = fixture.open()
        await archive.ingest('web', [inputOf(name, `${name}\n`)], { ...(repeats && { repeats }) })
        await archive.acknowledge('web')
      }
      await take('a')
      const contents = join(fixture.folder, 'data/archive/web/contents')
      for (const name of await readdir(contents)) await writeFile(join(contents, name), 'damaged')
      const found = hasMirror ? 'INGEST_KNOWN_CONTENT' : 'ARCHIVE_CORRUPT_CONTENTS'
      expect(await code(take('a'))).toBe(found)
      for (const name of await readdir(contents)) await writeFile(join(contents, name), 'damaged again')
      expect((await fixture.open().scrub('web')).findings).toEqual([
        {
          block: expect.stringMatching(/^0{15}1-[0-9a-f]{16}\.ndjson$/),
          copy: 'primary',
          fault: 'damaged',
          outcome: hasMirror ? 'healed' : 'lost',
        },
      ])
      expect(await code(take('b', 'again'))).toBe('taken')
      expect(await code(take('b'))).toBe('INGEST_KNOWN_CONTENT')
      expect(await code(take('a'))).toBe(hasMirror ? 'INGEST_KNOWN_CONTENT' : 'taken')
      await fixture.remove()
    }
  })

  it('has the contents that an earlier version noted', async () => {
    const fixture = await makeFixture(false)
    await fixture.open().ingest('web', [inputOf('new', 'new\n')])
    const noted = [1, 9].map((generation) => ({ generation, sha256: sha256(`${generation}\n`) }))
    await writeFile(join(fixture.folder, 'data/archive/web/ingested.json'), JSON.stringify(noted))
    expect(await code(fixture.open().ingest('web', [inputOf('old', '1\n')]))).toBe('INGEST_KNOWN_CONTENT')
    expect(await code(fixture.open().ingest('web', [inputOf('never committed', '9\n')]))).toBe('taken')
    await fixture.remove()
  })
})

describeArchive('files', () => makeFixture(false))
describeArchive('files with a mirror', () => makeFixture(true))
