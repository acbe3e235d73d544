/** What befalls the surroundings of a job of Flink, over Kafka and with a PostgreSQL report: totals are checked afterwards. */
import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { clusterAddress, startProcess, stopProcess } from './cluster-addresses.ts'
import { jobRuns, takenOver } from './flink-job.ts'
import { JobWorld } from './job-world.ts'
import { makeTopic, produce, withAdmin } from './kafka-topics.ts'
import { OwnPostgres } from './own-postgres.ts'

const kafka = clusterAddress('kafka')

let world: JobWorld
let postgres: OwnPostgres | undefined

afterEach(async () => {
  await world.close()
  await postgres?.stop()
  postgres = undefined
})

/** Sends until what is sent is counted by the job, and not by the server for it. */
async function untilTallied(): Promise<void> {
  const counted = async () => {
    await world.server.counted()
    return takenOver(await world.server.metrics())
  }
  for (const end = Date.now() + 120_000; Date.now() < end; ) {
    const before = await counted()
    await world.send(5, 200)
    if ((await counted()) === before) return
  }
  throw new Error(`no job counts again: ${(await world.run('stream', 'status')).stdout}${world.server.said}`)
}

it('passes over rows that no job wrote, and makes their topic anew when it is deleted', async () => {
  world = await JobWorld.start({ stream: ', patience: 10s' })
  await world.send(3)
  await world.deploy()
  const topic = `${world.prefix}web.partials`
  await produce(kafka, topic, 0, ['no JSON', '[]', 'null', '{"e":1}', '{"e":"x","t":"0:base","p":"0"}'])
  await untilTallied()
  await expect
    .poll(() => world.server.said, { timeout: 120_000 })
    .toMatch(/its topic of rows holds \d+ that no job wrote/)
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }))
  await world.send(10, 100)
  await untilTallied()
  await world.expectAll()
}, 900_000)

it('counts on once PostgreSQL is back', async () => {
  postgres = await OwnPostgres.start()
  world = await JobWorld.start({ roles: `report: { postgres: "${postgres.url}", schema: job }\n` })
  await world.send(3)
  await world.deploy()
  await world.send(5, 100)
  await world.server.counted()
  postgres.kill()
  await world.send(20, 100)
  // Once there are rows to add, the report is tried for half a minute.
  await expect
    .poll(async () => (await fetch(`${world.server.url}/readyz`)).status, { timeout: 180_000 })
    .toBe(503)
  await postgres.restart()
  await world.send(5, 100)
  await world.expectAll()
  expect(world.saidTakenOver).toBe(false)
}, 900_000)

it('counts on where no checkpoint can be written, says so, and goes on by the job afterwards', async () => {
  const { checkpoints } = clusterAddress('flink')
  world = await JobWorld.start({ stream: ', patience: 5s, checkpoint: 1s' })
  await world.send(3)
  await world.deploy()
  await world.send(10, 100)
  renameSync(checkpoints, `${checkpoints}.away`)
  writeFileSync(checkpoints, 'no folder')
  try {
    await world.send(20, 100)
    const status = async () => (await world.run('stream', 'status')).stdout
    await expect
      .poll(status, { timeout: 60_000, interval: 1000 })
      .toMatch(/web: .* [1-9]\d* restarts?, .*\n +last failure: ./)
    expect((await world.run('status')).stdout).toMatch(/\nJobs:\n/)
    expect(await world.server.metrics()).toMatch(/^millrace_job_restarts\{source="web"\} \d+$/m)
  } finally {
    rmSync(checkpoints)
    renameSync(`${checkpoints}.away`, checkpoints)
  }
  await untilTallied()
  await world.expectAll()
}, 900_000)

it('takes up new partitions of a topic of others, whose first records the log observes later than their stamps', async () => {
  const topic = `users-${randomUUID().slice(0, 8)}`
  await makeTopic(kafka, topic, 1, { 'message.timestamp.type': 'LogAppendTime' })
  await produce(kafka, topic, 0, firstLine())
  world = new JobWorld({ from: topic, lateness: '2s', stream: ', patience: 10s' })
  await world.serve()
  await world.server.counted()
  await world.deploy()
  await withAdmin(kafka, (admin) =>
    admin.createPartitions({ topics: [{ name: topic, count: 2, assignments: null }] } as never),
  )
  for (let part = 0; part < 20; part++) {
    for (const partition of [0, 1]) await produce(kafka, topic, partition, world.makeBatch(part % 5 === 0))
    await sleep(300)
  }
  await world.server.counted()
  await world.expectVerified()
  expect((await world.run('batch')).stderr).not.toContain('rror')
  expect((await world.totals())[0]).toBe(world.sent.length + 1)
}, 900_000)

/** A job begins once there is a line. */
function firstLine(): string[] {
  return [JSON.stringify({ ts: Date.now(), service: 's0', id: 0 })]
}

it('says so while the gateway is away, and knows a job whose id nobody wrote down', async () => {
  world = await JobWorld.start({ stream: ', patience: 10s' })
  await world.send(3)
  await stopProcess('flink-gateway')
  const refused = await world.run('stream', 'deploy')
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain('does not answer')
  await startProcess('flink-gateway')
  await world.deploy()
  const file = join(world.cwd, '.millrace/flink/web.json')
  const { jobId, ...rest } = JSON.parse(readFileSync(file, 'utf8'))
  // So it stands where the command was killed before the gateway had named the job.
  writeFileSync(file, JSON.stringify(rest))
  await world.send(5, 100)
  const again = await world.run('stream', 'deploy')
  expect(again.stderr).toContain(`already (${jobId})`)
  await jobRuns(world.cwd)
  await untilTallied()
  await world.expectAll()
}, 900_000)
