/** Whole runs that cannot go on: a damaged block, a full quota, a wrong password; then the same run when it is mended. */
import { readFile, writeFile } from 'node:fs/promises'
import { afterEach, expect, it } from 'vitest'
import type { BatchProgress } from '../../src/run/run-batch.ts'
import { Pipeline } from '../pipeline.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { findReplicas } from './hdfs-archive.ts'
import { makeTwins, removeTwins, type Twins } from './twins.ts'

const { http, user, dataNodes } = clusterAddress('hdfs')

afterEach(removeTwins)

/** The first block of `web` as it lies on the DataNodes. */
async function replicasOf(pair: Twins) {
  const archive = await pair.archive()
  const [block] = (await archive.manifest('web'))!.blocks
  const bytes = await readFile(await archive.verifiedPath('web', block!))
  const paths = (await Promise.all(dataNodes.map(({ folder }) => findReplicas(folder, bytes)))).flat()
  const damaged = Buffer.from(bytes)
  damaged[damaged.length >> 1]! ^= 1
  return { block: block!, bytes, damaged, paths }
}

it('Spark passes over a damaged replica, names a block that has only such, and is right when it is mended', async () => {
  const pair = await makeTwins({ archive: 'hdfs', batch: 'spark', report: 'postgres' }, 2)
  const { block, bytes, damaged, paths } = await replicasOf(pair)
  expect(paths).toHaveLength(3)
  await writeFile(paths[0]!, damaged)
  await pair.tested.batch()
  expect(await pair.totals()).toEqual(await pair.expected())
  await pair.grow(1)
  // HDFS may have replaced the first one by a good one meanwhile.
  const now = (await Promise.all(dataNodes.map(({ folder }) => findReplicas(folder, bytes)))).flat()
  for (const path of now) await writeFile(path, damaged)
  const message = expect.stringContaining(block.name)
  const { held: sources } = await pair.tested.batch()
  expect(sources).toMatchObject([{ source: 'web', code: 'ARCHIVE_CORRUPT_BLOCK', message }])
  expect(await pair.stagedInHdfs()).toEqual([])
  for (const path of now) await writeFile(path, bytes)
  await pair.tested.batch()
  expect(await pair.totals()).toEqual(await pair.expected())
})

it('Spark says that the quota of HDFS leaves no room for what it stages; an ingest says so too', async () => {
  const pair = await makeTwins({ archive: 'hdfs', batch: 'spark', report: 'postgres' }, 2)
  const { path } = pair.roles.archive.adapter!.options!
  const setQuota = async (bytes: number) => {
    const query = `op=SETQUOTA&user.name=${user}&storagespacequota=${bytes}`
    expect((await fetch(`${http}/webhdfs/v1${path}?${query}`, { method: 'PUT' })).status).toBe(200)
  }
  await setQuota(1_000_000)
  const failure = await pair.tested.batch().catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'BATCH_DISK_FULL', message: expect.stringContaining('quota') })
  expect(await pair.stagedInHdfs()).toEqual([])
  await expect(pair.tested.ingest('web', 'a line\n')).rejects.toMatchObject({
    code: 'ARCHIVE_QUOTA_EXCEEDED',
    message: expect.stringContaining(String(path)),
  })
  await setQuota(-1)
  await pair.tested.batch()
  expect(await pair.totals()).toEqual(await pair.expected())
})

it('a wrong password of the report is told before anything is computed', async () => {
  const pair = await makeTwins({ archive: 'hdfs', report: 'postgres' }, 2)
  await pair.tested.batch()
  const held = await pair.expected()
  await pair.grow(1)
  const { adapter } = pair.roles.report
  const url = new URL(adapter!.address)
  url.password = 'wrong'
  const phases: BatchProgress['phase'][] = []
  const wrong = new Pipeline(pair.tested.definition, {
    ...pair.roles,
    report: { adapter: { ...adapter!, address: url.href } },
  })
  const run = wrong.batch({}, { onProgress: ({ phase }) => void phases.push(phase) })
  await expect(run.finally(() => wrong.remove())).rejects.toMatchObject({ code: 'REPORT_LOGIN_REFUSED' })
  expect(phases).toEqual([])
  expect(await pair.totals()).toEqual(held)
  await pair.tested.batch()
  expect(await pair.totals()).toEqual(await pair.expected())
})
