/** kill -9 at random moments of ingests into HDFS: what was told is there, once; what was not is absent or known. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'tsdown'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { HdfsArchiveOptions } from '../../src/engines/hdfs/archive.ts'
import { inputOf, textsOf } from '../contract/archive-lines.ts'
import { seeded } from '../contract/random-groups.ts'
import { contentOf, LIMITS, linesOfSeed } from '../crash/ingest-content.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { OwnArchive } from './hdfs-archive.ts'

const KILLS = Number(process.env.MILLRACE_KILLS ?? 6)
const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const random = seeded(SEED)
const root = resolve(import.meta.dirname, '../..')
const children: ChildProcess[] = []
let built: string
let own: OwnArchive

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), 'millrace-hdfs-crash-'))
  const entry = join(root, 'test/crash/hdfs-ingest-child.ts')
  await build({
    ...{ config: false, entry, outDir: built, format: 'cjs', dts: false },
    ...{ logLevel: 'error', platform: 'node' },
  })
  own = await OwnArchive.make()
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await own?.remove()
  rmSync(built, { recursive: true, force: true })
})

function optionsOf(dataDir: string, leaseMs?: number): HdfsArchiveOptions {
  const { http: address, user } = clusterAddress('hdfs')
  return {
    address,
    user,
    path: own.path,
    dataDir,
    limits: LIMITS,
    replication: 2,
    ...(leaseMs && { leaseMs }),
  }
}

interface Ingester {
  readonly child: ChildProcess
  said: string
}

/** Resolves when it has begun. */
async function startIngester(options: HdfsArchiveOptions, seed: number): Promise<Ingester> {
  const child = spawn(
    process.execPath,
    [join(built, 'hdfs-ingest-child.cjs'), JSON.stringify(options), `${seed}`],
    {
      env: { ...process.env, NODE_PATH: join(root, 'node_modules') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  children.push(child)
  const ingester: Ingester = { child, said: '' }
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk) => {
      ingester.said += chunk
    })
  while (!ingester.said.includes('begin')) await once(child.stdout!, 'data')
  return ingester
}

const seedsOf = ({ said }: Ingester, word: string) =>
  [...said.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map(([, seed]) => Number(seed))

const linesOf = (seeds: readonly number[]) => seeds.flatMap(linesOfSeed)

it(
  `survives ${KILLS} kills (seed ${SEED}): nothing told is lost, nothing counts twice`,
  async () => {
    const dataDir = join(own.folder, 'data')
    const counts = { absent: 0, committed: 0, told: 0 }
    let kept: number[] = []
    for (let kill = 0, next = 1; kill < KILLS; kill++) {
      const ingester = await startIngester(optionsOf(dataDir), next)
      await sleep(random() * 5000)
      const exited = once(ingester.child, 'close')
      ingester.child.kill('SIGKILL')
      await exited
      kept = [...new Set([...kept, ...seedsOf(ingester, 'added'), ...seedsOf(ingester, 'again')])]
      const last = seedsOf(ingester, 'begin').at(-1)!
      const found = await textsOf(own.reopen(), 'web')
      const isTold = kept.includes(last)
      const isCommitted = !isTold && found.length === linesOf([...kept, last]).length
      counts[isTold ? 'told' : isCommitted ? 'committed' : 'absent']++
      if (isCommitted) kept.push(last)
      expect(found).toEqual(linesOf(kept))
      next = last + 1
      if (isTold) continue
      // The retry knows which of the two it was.
      const archive = own.open(optionsOf(dataDir))
      const { repeated } = await archive.ingest('web', [inputOf('retry', contentOf(last))])
      expect(repeated).toBe(isCommitted)
      await archive.acknowledge('web')
      if (!repeated) kept.push(last)
      expect(await textsOf(own.reopen(), 'web')).toEqual(linesOf(kept))
    }
    const left = await own.hdfs.list(`${own.path}/web/blocks`)
    expect(left).toHaveLength((await own.open().manifest('web'))!.blocks.length)
    const found = `${kept.length} contents kept, of the one at work ${JSON.stringify(counts)}`
    console.log(`${KILLS} kills of an ingest into HDFS, seed ${SEED}: ${found}`)
  },
  KILLS * 60_000,
)

it('lets another machine take over from a process that is stopped, which then adds nothing', async () => {
  await own.remove()
  own = await OwnArchive.make()
  const [one, two] = [join(own.folder, 'one'), join(own.folder, 'two')]
  const limits = { pieceBytes: 4096, blockBytes: 8192 }
  const ingester = await startIngester({ ...optionsOf(one, 2000), limits }, 3)
  // The first of its many blocks is there, and its manifest is not.
  await expect
    .poll(() => own.hdfs.list(`${own.path}/web/blocks`), { interval: 1, timeout: 30_000 })
    .not.toEqual([])
  ingester.child.kill('SIGSTOP')
  const second = own.open(optionsOf(two, 2000))
  const take = () => second.ingest('web', [inputOf('second', 'of the second')]).then(() => 'kept', codeOf)
  await expect.poll(take, { timeout: 30_000, interval: 500 }).toBe('kept')
  await second.acknowledge('web')
  const exited = once(ingester.child, 'close')
  ingester.child.kill('SIGCONT')
  await exited
  expect(ingester.said).toContain('ARCHIVE_OVERTAKEN')
  expect(seedsOf(ingester, 'added')).toEqual([])
  expect(await textsOf(own.reopen(), 'web')).toEqual(['of the second'])
  expect((await own.reopen().scrub('web')).findings).toEqual([])
})

const codeOf = (error: { code?: string }) => error.code
