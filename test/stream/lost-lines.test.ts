import { cp, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { buildPlans } from '../../src/compile/build-plan.ts'
import { MillraceError } from '../../src/core/error.ts'
import { holdSource } from '../../src/core/held-source.ts'
import { findLoss } from '../../src/run/find-loss.ts'
import { keepRestating } from '../../src/run/keep-restating.ts'
import type { BatchJob } from '../../src/run/run-batch.ts'
import { sha256 } from '../pipeline.ts'
import {
  accept,
  append,
  archive,
  archiveAll,
  batch,
  blockFile,
  equal,
  folderOf,
  ledger,
  log,
  lossPlace,
  lostOf,
  mirrorTo,
  pass,
  reopenLog,
  stream,
  T0,
  useLossWorld,
  verify,
  world,
} from './loss-world.ts'

useLossWorld()

it('counts lines as lost that nobody ever counted: in stream, batch and verify alike', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await append(4)
  await log.trim('web', 8)
  const missing = { code: 'LOG_LINES_MISSING', params: { lines: 5, offsets: '3..8' } }
  await expect(stream()).rejects.toMatchObject(missing)
  await expect(archiveAll()).rejects.toMatchObject(missing)
  expect(await findLoss(await lossPlace())).toEqual({
    ...{ source: 'web', lines: 5, counted: [], blocks: [] },
    ranges: [{ fromOffset: 3, endOffset: 8, lineBeforeMs: T0 + 1000, lineAfterMs: T0 + 3000 }],
  })
  await accept()
  expect(await lostOf()).toEqual([[3, 8]])
  await stream()
  const balanced = { appended: 12, counted: 7, lost: 5 }
  expect(await ledger()).toMatchObject(balanced)
  expect((await verify()).metrics[0]).toMatchObject(equal)
  const { ledger: ofRun, sources } = await batch()
  expect(ofRun.at(-1)).toMatchObject(balanced)
  expect(sources[0]).toMatchObject({ cut: 12, linesRead: 7, lost: 5 })
  expect((await verify()).metrics[0]).toMatchObject(equal)
  await append(2)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 14, counted: 9, lost: 5 })
})

it('keeps totals of lines that were lost after they were counted, and drops them only when told to', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await stream()
  await log.close()
  await rm(folderOf('log'), { recursive: true })
  await reopenLog()
  await expect(verify()).rejects.toMatchObject({ code: 'REPORT_AHEAD' })
  // Nobody knows yet whether a drive is away.
  await expect(findLoss(await lossPlace())).rejects.toMatchObject({ code: 'LOSS_UNPROVEN' })
  await append(2)
  await expect(findLoss(await lossPlace())).rejects.toMatchObject({ code: 'LOSS_UNPROVEN' })
  const { counted } = await accept([folderOf('log')])
  expect(counted).toEqual([{ metric: 'volume', lines: 5 }])
  await stream()
  expect(await ledger()).toMatchObject({ appended: 10, counted: 10 })
  const holds = { code: 'REPORT_HOLDS_LOST', params: { lines: 5 } }
  await expect(batch()).rejects.toMatchObject(holds)
  await expect(verify()).rejects.toMatchObject(holds)
  await batch(true)
  expect(await ledger()).toMatchObject({ appended: 10, counted: 5, lost: 5 })
  expect((await verify()).metrics[0]).toMatchObject(equal)
})

it('tries no restatement where totals hold lost lines, and goes on looking without a failure', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await stream()
  pass(3_600_000)
  await append(2)
  await stream()
  const looked = async () => {
    const [stop, heard] = [new AbortController(), [] as string[]]
    await keepRestating(
      {
        ...{ plans: world.plan.metrics, report: await world.report(), archive, now: Date.now },
        restate: async (ranges) => void heard.push(`restate ${[...ranges.keys()]}`),
        onHeld: ({ code, params }) => heard.push(`${code} ${params['lines']}`),
        onLook: () => stop.abort(),
        onFailure: (error) => {
          heard.push(`failed ${error}`)
          stop.abort()
        },
      },
      stop.signal,
    )
    return heard
  }
  expect(await looked()).toEqual(['restate volume'])
  await archiveAll()
  await log.trim('web', 10)
  await truncate(await blockFile(1), 10)
  await accept()
  expect(await ledger()).toMatchObject({ appended: 10, counted: 8, late: 2 })
  expect(await looked()).toEqual(['REPORT_HOLDS_LOST 5'])
  await batch(true)
  expect(await looked()).toEqual([])
})

it('names every source that is held up with its own reason, and those without lines as such', async () => {
  const [web, app] = buildPlans(world.definition, sha256)
  const plans = [web!, app!]
  const holdOf = (source: string, at: number) =>
    holdSource(source, new MillraceError('REPORT_AHEAD', { source, counted: at, end: 1 }))
  const held = (...sources: readonly string[]) => ({
    plans,
    catchUp: async () => sources.map((source, at) => holdOf(source, at + 70)),
  })
  const told = async (job: Partial<BatchJob>) => batch(false, job).catch((error) => error)
  const partly = await told(held('web'))
  expect(partly).toMatchObject({ code: 'BATCH_ALL_HELD' })
  expect(partly.message).toContain(holdOf('web', 70).message)
  expect(partly.message).toContain('Source app has no lines.')
  const wholly = await told(held('web', 'app'))
  expect(wholly.message).toContain(holdOf('web', 70).message)
  expect(wholly.message).toContain(holdOf('app', 71).message)
  expect(await told({ ...held('web'), plans: [web!] })).toMatchObject({ code: 'REPORT_AHEAD' })
})

it('takes the place of an archive that was deleted, and no copy of that can take it back', async () => {
  const mirror = join(world.folder, 'mirror')
  mirrorTo(mirror)
  await append(3)
  await archiveAll()
  await stream()
  await append(2)
  await log.trim('web', 3)
  const { incarnation } = (await archive.manifest('web'))!
  for (const name of [folderOf('archive'), join(mirror, 'web')]) {
    await cp(name, `${name}.old`, { recursive: true })
    await rm(name, { recursive: true })
  }
  await expect(stream()).rejects.toMatchObject({ code: 'LOG_LINES_MISSING' })
  const half = await lossPlace([folderOf('archive')])
  await expect(findLoss(half)).rejects.toMatchObject({ params: { path: join(mirror, 'web') } })
  await accept([folderOf('archive'), join(mirror, 'web')])
  await stream()
  expect(await archive.manifest('web')).toMatchObject({
    incarnation,
    nextOffset: 5,
    lost: [{ endOffset: 3 }],
  })
  // What comes back with more commits of the old kind is behind all the same.
  await cp(join(mirror, 'web.old'), join(mirror, 'web'), { recursive: true })
  await append(1)
  await archiveAll()
  expect(await archive.manifest('web')).toMatchObject({ nextOffset: 6, lost: [{ endOffset: 3 }] })
})

it('stands by the fact when a log that holds the lines is put back', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await log.close()
  await cp(folderOf('log'), join(world.folder, 'log'), { recursive: true })
  await reopenLog()
  await append(4)
  await log.trim('web', 8)
  await accept()
  await log.close()
  await rm(folderOf('log'), { recursive: true })
  await cp(join(world.folder, 'log'), folderOf('log'), { recursive: true })
  await reopenLog()
  await append(1)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 13, counted: 8, lost: 5 })
  await batch()
  expect((await verify()).metrics[0]).toMatchObject(equal)
})

it('goes on after what an older copy of the log lacks of the lines that were counted', async () => {
  await append(3)
  await stream()
  await log.close()
  await cp(folderOf('log'), join(world.folder, 'log'), { recursive: true })
  await reopenLog()
  await append(2)
  await stream()
  await log.close()
  await rm(folderOf('log'), { recursive: true })
  await cp(join(world.folder, 'log'), folderOf('log'), { recursive: true })
  await reopenLog()
  await expect(stream()).rejects.toMatchObject({ code: 'REPORT_AHEAD' })
  expect((await accept()).ranges).toMatchObject([{ fromOffset: 3, endOffset: 5 }])
  await log.close()
  await reopenLog()
  await append(4)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 9, counted: 9 })
  await batch(true)
  expect(await ledger()).toMatchObject({ appended: 9, counted: 7, lost: 2 })
})

it('keeps windows that a run alone had counted before their lines were lost, as those of a stream', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await archiveAll()
  await append(1)
  await archiveAll()
  await log.trim('web', 9)
  // As a backfill of windows below the start of a stream: no stream has counted these lines.
  const range = { fromMs: T0, toMs: T0 + 60_000 }
  await batch(false, { range })
  expect(await (await world.report()).streamState('web')).toBeUndefined()
  await rm(await blockFile(1))
  await accept()
  const holds = { code: 'REPORT_HOLDS_LOST', params: { lines: 5 } }
  await expect(batch(false, { range })).rejects.toMatchObject(holds)
  await expect(batch()).rejects.toMatchObject(holds)
  await expect(verify({ range })).rejects.toMatchObject(holds)
  await batch(true)
  expect(await ledger()).toMatchObject({ appended: 9, counted: 4, lost: 5 })
  await batch()
  expect((await verify()).metrics[0]).toMatchObject(equal)
})
