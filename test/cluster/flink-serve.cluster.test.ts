/** `millrace serve` with a job of Flink: totals through odd lines, kills of every process, lost state and lost jobs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { killProcess, startProcess } from './cluster-addresses.ts'
import { jobRuns } from './flink-job.ts'
import { JobWorld } from './job-world.ts'

const KILLS = Number(process.env.MILLRACE_KILLS ?? 3)

let world: JobWorld

afterEach(() => world.close())

it('counts by the job what it can read, and the rest itself, to the last line', async () => {
  world = await JobWorld.start({ lateness: '5s' })
  expect((await world.run('stream', 'deploy')).stderr).toContain('has no lines in its topic yet')
  await world.send(3)
  await world.deploy()
  expect((await world.run('stream', 'deploy')).stderr).toContain('already')
  await world.send(40, 100)
  await world.expectAll()
  expect(world.saidTakenOver).toBe(false)
  // Nor deletions.
  expect(world.server.said).not.toContain('that no job wrote')
  const rejects = JSON.parse((await world.run('rejects', 'web', '--json')).stdout)
  expect(rejects.total).toBe(world.odd)
})

it('goes on from a savepoint, and from the offsets when the definition has changed', async () => {
  world = await JobWorld.start()
  await world.send(3)
  await world.deploy()
  await world.send(10, 100)
  expect((await world.run('stream', 'stop')).stderr).toContain('with the savepoint')
  await world.send(5)
  expect((await world.run('stream', 'deploy')).stderr).toContain('goes on from its savepoint')
  await jobRuns(world.cwd)
  await world.send(10, 100)
  expect((await world.run('stream', 'upgrade')).stderr).toContain('goes on from its savepoint')
  await jobRuns(world.cwd)
  await world.send(5, 100)
  await world.expectAll()
  const file = join(world.cwd, 'millrace.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('    window: 1s', '    where: id >= 0\n    window: 1s'),
  )
  await world.server.stop()
  await world.serve()
  expect((await world.run('stream', 'upgrade')).stderr).toContain('the definition has changed')
  await jobRuns(world.cwd)
  // The new version begins here; windows that are not final yet are its stream's alone.
  world.sent = []
  await world.send(10, 100)
  await world.server.counted()
  expect(await world.totals()).toEqual(world.expected)
})

it('is never wrong where state has expired in the middle of a chunk', async () => {
  // Rows of shorter windows would have all their records before their state expires.
  world = await JobWorld.start({ stream: ', chunk: 20s, state: 1s, patience: 5s', window: '1m' })
  await world.send(2)
  await world.deploy()
  // A slow machine reads several parts at once, before any state expires.
  for (let part = 0; part < 4 || (!world.saidTakenOver && part < 30); part++) {
    await world.send(3)
    await sleep(4000)
  }
  await world.expectAll()
  expect(world.saidTakenOver).toBe(true)
}, 300_000)

it('is never wrong where a job begins anew beside the rows of another one', async () => {
  world = await JobWorld.start({ stream: ', patience: 20s' })
  await world.send(3)
  await world.deploy()
  for (let job = 0; job < 3; job++) {
    await world.send(10, 50)
    expect((await world.run('stream', 'stop', '--cancel')).stderr).toContain('without a savepoint')
    await world.send(3)
    await world.deploy()
  }
  await world.send(10, 50)
  await world.expectAll()
}, 300_000)

for (const name of ['flink-taskmanager', 'flink-jobmanager', 'kafka', 'flink-gateway'])
  it(`counts every line once through ${KILLS} kills of ${name}`, async () => {
    world = await JobWorld.start({ stream: ', patience: 15s' })
    await world.send(3)
    await world.deploy()
    for (let kill = 0; kill < KILLS; kill++) {
      await world.send(8, 50)
      const sending = world.send(20, 50)
      await killProcess(name)
      await sleep(500)
      await startProcess(name)
      await sending
      // A JobManager without high availability forgets its jobs.
      if (/GONE|no job/.test((await world.run('stream', 'status')).stdout)) await world.deploy()
    }
    await world.send(8, 50)
    await world.expectAll()
    console.log(`${name}: killed ${KILLS} times, ${world.sent.length} lines, totals exact`)
  }, 3_600_000)
