/** Lines of a log that parted from its archive are taken as new ones, as the page on recovery says. */
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { acceptLoss } from '../../src/run/accept-loss.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { findLoss } from '../../src/run/find-loss.ts'
import { batchOf } from '../contract/log.contract.ts'

let nowMs = Date.UTC(2026, 0, 5)

async function openLog(dataDir: string) {
  const archive = new FilesArchive({ dataDir })
  const log = await FilesLog.open({
    ...{ dataDir, clocks: { now: () => nowMs, steady: () => nowMs }, segmentBytes: 1 },
    firstOffset: async (source) => (await archive.manifest(source))?.nextOffset ?? 0,
    archivedStamp: (source, offset) => stampAt(archive, source, offset),
  })
  const post = async (text: string) => {
    nowMs += 1000
    await log.append('web', batchOf(text))
  }
  const archiveAll = () =>
    archiveLog({ log, archive, passed: async () => undefined }, 'web', { isUrgent: true })
  return { archive, log, post, archiveAll }
}

async function stampAt(archive: FilesArchive, source: string, offset: number) {
  const { blocks } = (await archive.manifest(source))!
  const block = blocks.find(({ firstOffset, endOffset }) => firstOffset <= offset && offset < endOffset)
  return block && archive.observedMs(source, block, offset)
}

/** The statement of the page, with the folders of this test. */
async function readMissed(folder: string): Promise<string> {
  const page = await readFile(new URL('../../docs/guides/recovery.md', import.meta.url), 'utf8')
  const [, sql = ''] = /```sql\n([^`]+)```/.exec(page)!
  const connection = await (await DuckDBInstance.create()).connect()
  await connection.run(
    sql.replaceAll('.millrace', 'data').replaceAll(/'(data|other|missed)/g, `'${folder}/$1`),
  )
  connection.closeSync()
  return readFile(join(folder, 'missed.log'), 'utf8')
}

it('gives the lines that only the log has, each as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-parted-'))
  const [data, other] = [join(folder, 'data'), join(folder, 'other/data')]
  const first = await openLog(data)
  await first.post('one\ntwo\n')
  await first.archiveAll()
  await first.post('shared\n')
  await first.archiveAll()
  await cp(join(data, 'archive'), join(folder, 'older'), { recursive: true })
  await first.post('{"a":"x, \\"y\\""}\nonly, here\n')
  await first.log.close()
  await cp(join(data, 'log/web'), join(folder, 'log'), { recursive: true })
  await rm(join(data, 'log/web'), { recursive: true })
  const second = await openLog(data)
  await second.post('another\n')
  await second.archiveAll()
  await second.log.close()
  await rm(join(data, 'log/web'), { recursive: true })
  await cp(join(folder, 'log'), join(data, 'log/web'), { recursive: true })
  await expect(openLog(data)).rejects.toMatchObject({ code: 'LOG_OTHER_LINES' })

  await cp(join(data, 'log/web'), join(other, 'log/web'), { recursive: true })
  await rename(join(data, 'log/web'), join(folder, 'moved'))
  const parted = await openLog(other)
  await expect(parted.archiveAll()).rejects.toMatchObject({ code: 'LOG_LINES_MISSING' })
  const report = { streamState: async () => undefined, heldMetrics: async () => [] } as never
  const deleted = [join(other, 'archive/web')]
  const place = { source: 'web', log: parted.log, archive: parted.archive, report, deleted, isAlone: true }
  const { ranges: shown } = await findLoss(place)
  await acceptLoss({ ...place, shown, by: 'ann', now: () => nowMs })
  await parted.archiveAll()
  await parted.log.close()
  expect(await readMissed(folder)).toBe('{"a":"x, \\"y\\""}\nonly, here\n')
  const { log } = await openLog(data)
  await log.close()
  await rm(folder, { recursive: true })
})
