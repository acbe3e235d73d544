import { cp, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { buildPlans } from '../../src/compile/build-plan.ts'
import { MillraceError } from '../../src/core/error.ts'
import { findLoss } from '../../src/run/find-loss.ts'
import { runBatch } from '../../src/run/run-batch.ts'
import { inputOf } from '../contract/archive-lines.ts'
import { sha256 } from '../pipeline.ts'
import {
  accept,
  append,
  archive,
  archiveAll,
  batch,
  blockFile,
  computing,
  equal,
  folderOf,
  ledger,
  log,
  lossPlace,
  lostOf,
  mirrorTo,
  stream,
  T0,
  useLossWorld,
  verify,
  world,
} from './loss-world.ts'

useLossWorld()

it('holds up the source of a lost block alone, until the loss of its lines is accepted', async () => {
  const plans = buildPlans(world.definition, sha256)
  await append(4, 'app')
  await archiveAll('app')
  for (const count of [3, 5, 4]) {
    await append(count)
    await archiveAll()
  }
  await log.trim('web', 12)
  await batch(false, { plans })
  await append(1, 'app')
  await archiveAll('app')
  await truncate(await blockFile(1), 10)
  const held = [{ source: 'web', code: 'ARCHIVE_CORRUPT_BLOCK' }]
  const record = await batch(false, { plans })
  expect(record).toMatchObject({ held, sources: [{ source: 'app', cut: 5 }] })
  expect(await verify({ plans })).toMatchObject({ held, metrics: [{ metric: 'other', differing: 0 }] })
  expect((await accept()).ranges).toEqual([
    { fromOffset: 3, endOffset: 8, lineBeforeMs: T0 + 2000, lineAfterMs: T0 + 4000 },
  ])
  // The totals hold the lines: they stay until somebody drops them.
  await stream()
  expect(await ledger()).toMatchObject({ appended: 12, counted: 12 })
  await expect(batch()).rejects.toMatchObject({ code: 'REPORT_HOLDS_LOST', params: { lines: 5 } })
  await batch(true, { plans })
  expect(await ledger()).toMatchObject({ appended: 12, counted: 7, lost: 5 })
  expect((await verify({ plans })).metrics).toMatchObject([equal, equal])
  await append(2)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 14, counted: 9, lost: 5 })
})

it('archives again what the log still holds of a lost block, and takes for lost only the rest', async () => {
  await append(3)
  await archiveAll()
  await append(4)
  await append(5)
  await archiveAll()
  await stream()
  await log.trim('web', 7)
  await rm(await blockFile(1))
  expect((await accept()).blocks).toMatchObject([
    { lost: [{ fromOffset: 3, endOffset: 7 }], held: [{ fromOffset: 7, endOffset: 12 }] },
  ])
  expect(await lostOf()).toEqual([[3, 7]])
  const { blocks } = (await archive.manifest('web'))!
  expect(blocks.map(({ firstOffset, endOffset }) => [firstOffset, endOffset])).toEqual([
    [0, 3],
    [7, 12],
  ])
  await batch(true)
  expect(await ledger()).toMatchObject({ appended: 12, counted: 8, lost: 4 })
})

it('takes no block for lost that a mirror has, nor all of them where their drive may be away', async () => {
  const mirror = join(world.folder, 'mirror')
  mirrorTo(mirror)
  await append(3)
  await archiveAll()
  await append(2)
  await archiveAll()
  await log.trim('web', 5)
  const blocks = join(folderOf('archive'), 'blocks')
  await rm(blocks, { recursive: true })
  expect(await findLoss(await lossPlace())).toMatchObject({ lines: 0, blocks: [] })
  await rm(join(mirror, 'web', 'blocks'), { recursive: true })
  await expect(findLoss(await lossPlace())).rejects.toMatchObject({
    code: 'LOSS_UNPROVEN',
    params: { path: blocks },
  })
  const ofMirror = { params: { path: join(mirror, 'web', 'blocks') } }
  await expect(findLoss(await lossPlace([blocks]))).rejects.toMatchObject(ofMirror)
  // The log still holds the last segment.
  const deleted = [blocks, ofMirror.params.path]
  expect(await findLoss(await lossPlace(deleted))).toMatchObject({ lines: 3, blocks: [{}, {}] })
})

it('computes the other sources once more where only the engine finds a block damaged', async () => {
  const plans = buildPlans(world.definition, sha256)
  await append(4, 'app')
  await archiveAll('app')
  await append(3)
  const { engine: real, ...job } = await computing()
  let attempts = 0
  const engine: typeof real = Object.create(real, {
    compute: {
      value: (requests: Parameters<typeof real.compute>[0]) => {
        attempts++
        if (requests.some(({ plan }) => plan.source === 'web'))
          throw new MillraceError('ARCHIVE_CORRUPT_BLOCK', { source: 'web', block: 'b', why: 'w', path: 'p' })
        return real.compute(requests)
      },
    },
  })
  const record = await runBatch({ ...job, plans, engine })
  expect(attempts).toBe(2)
  expect(record).toMatchObject({ held: [{ source: 'web' }], sources: [{ source: 'app', cut: 4 }] })
})

it('takes no line for lost that lies in a block of a manifest that was put back older', async () => {
  const manifests = ['manifest.json', 'manifest.copy.json'].map((name) => join(folderOf('archive'), name))
  await append(3)
  await archiveAll()
  for (const path of manifests) await cp(path, `${path}.old`)
  await append(5)
  await archiveAll()
  await append(4)
  await log.trim('web', 8)
  for (const path of manifests) {
    await cp(path, `${path}.new`)
    await cp(`${path}.old`, path)
  }
  await expect(stream()).rejects.toMatchObject({ code: 'LOG_LINES_MISSING' })
  const block = '0000000000000003-0000000000000008.parquet'
  const held = { code: 'LOSS_IN_BLOCK', params: { block } }
  await expect(findLoss(await lossPlace())).rejects.toMatchObject(held)
  // Nor does anything take its offsets.
  const newer = { code: 'ARCHIVE_NEWER_BLOCKS' }
  await expect(archive.settle('web')).rejects.toMatchObject(newer)
  await expect(archive.ingest('web', [inputOf('a', '{}\n')])).rejects.toMatchObject(newer)
  const path = join(folderOf('archive'), 'blocks', block)
  await rename(path, join(world.folder, block))
  expect((await findLoss(await lossPlace())).lines).toBe(5)
  await rename(join(world.folder, block), path)
  for (const path of manifests) await cp(`${path}.new`, path)
  expect((await findLoss(await lossPlace())).lines).toBe(0)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 12, counted: 12 })
})
