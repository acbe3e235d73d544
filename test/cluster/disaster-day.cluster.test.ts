/** A day on which one disaster follows another, in one pipeline on all five engines: totals stay right, or the lost lines are listed. */
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HdfsClient } from '../../src/engines/hdfs/hdfs-client.ts'
import { WebHdfs } from '../../src/engines/hdfs/web-hdfs.ts'
import { millrace } from '../cli/run-cli.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { jobRuns } from './flink-job.ts'
import { JobWorld } from './job-world.ts'
import { expire } from './kafka-topics.ts'
import { OwnDatabase } from './own-database.ts'
import { smallSpark } from './small-spark.ts'

const { http: address, user } = clusterAddress('hdfs')
const { master, ui, home, javaHome } = clusterAddress('spark')
process.env.JAVA_HOME ??= javaHome
const hdfs = new WebHdfs(new HdfsClient({ address, user }))
const archive = `/day-${randomUUID().slice(0, 8)}`

let world: JobWorld
let database: OwnDatabase
/** Offsets of the lines that nobody has any more. */
let lost: readonly [from: number, end: number]

beforeAll(async () => {
  database = await OwnDatabase.make()
  const report = `report: { postgres: "${database.url}" }\n`
  const spark = `batch: { spark: "${master}", page: "${ui}", memory: 1g, home: "${home}", conf: ${JSON.stringify(smallSpark())} }\n`
  world = new JobWorld({
    stream: ', patience: 10s',
    roles: `archive: { hdfs: "${address}", path: ${archive}, user: ${user} }\n${spark}${report}`,
  })
})
afterAll(async () => {
  await world?.close()
  await hdfs.remove(archive)
})

async function run(...args: string[]): Promise<string> {
  const ended = await world.run(...args)
  expect(ended.status, `millrace ${args.join(' ')}: ${ended.stderr}`).toBe(0)
  return ended.stdout + ended.stderr
}

async function expectRight(): Promise<void> {
  await world.server.counted()
  expect(await world.totals()).toEqual(world.expected)
}

/** While no server runs. */
async function ingest(): Promise<void> {
  const stdin = `${world.makeBatch(true).join('\n')}\n`
  expect(await millrace(['ingest', world.source, '-'], { cwd: world.cwd, stdin })).toMatchObject({
    status: 0,
  })
}

/** Brings all lines into the archive, by a batch that needs no cluster. */
async function archiveAll(): Promise<void> {
  const definition = readFileSync(join(world.cwd, 'millrace.yaml'), 'utf8').replace(/^batch:.*\n/m, '')
  writeFileSync(join(world.cwd, 'embedded.yaml'), definition)
  await run('--config', 'embedded.yaml', 'batch')
}

async function deployJob(says = 'begins where the totals stand'): Promise<void> {
  expect(await run('stream', 'deploy')).toContain(says)
  await jobRuns(world.cwd)
}

describe('a disaster day', () => {
  it('begins with files that were ingested before the server and the job of Flink', async () => {
    await ingest()
    await world.serve()
    await world.send(2)
    await expectRight()
    await deployJob()
    await world.send(2)
    await expectRight()
    await archiveAll()
    await world.server.stop()
    await ingest()
    await world.serve()
    await world.send(2)
    await expectRight()
  })

  it('PostgreSQL is put back as it was yesterday', async () => {
    await world.server.stop()
    await database.backUp()
    await world.serve()
    await world.send(2)
    await archiveAll()
    await world.send(2)
    await expectRight()
    await world.server.stop()
    await database.putBack()
    await world.serve()
    await world.send(2)
    await expectRight()
  })

  it('the data folder is lost', async () => {
    await world.server.stop()
    await rm(join(world.cwd, '.millrace'), { recursive: true })
    await world.serve()
    await world.send(2)
    await expectRight()
    expect(world.server.said).toContain('was made again from the archive and the topic')
    // The job of before would keep the slots that this one needs.
    await deployJob('was canceled')
    await world.send(2)
    await expectRight()
  })

  it('an older manifest is put back in HDFS, beside blocks that it does not name', async () => {
    await archiveAll()
    await world.server.stop()
    await ingest()
    const folder = `${archive}/web`
    const names = async () => (await hdfs.list(folder)).map(({ pathSuffix }) => pathSuffix)
    const manifests = (await names()).filter((name) => name.startsWith('manifest'))
    const generation = manifests.at(-1)!.split('.')[1]
    const newest = manifests.filter((name) => name.includes(`.${generation}.`))
    const texts = await Promise.all(newest.map((name) => hdfs.readText(`${folder}/${name}`)))
    await world.serve()
    await expectRight()
    await world.server.stop()
    // The copy alone is enough.
    await hdfs.remove(`${folder}/${newest.at(-1)}`)
    expect((await world.run('status')).status).toBe(1)
    await run('scrub')
    expect(await names()).toContain(newest.at(-1))

    for (const name of newest) await hdfs.remove(`${folder}/${name}`)
    await world.serve()
    await world.send(2)
    await expect
      .poll(() => world.server.said, { timeout: 40_000 })
      .toContain('Source web is held up: 52 of its lines')
    expect((await world.run('status')).stdout).toMatch(
      /\.parquet is named by no manifest[\s\S]*LOG_LINES_MISSING/,
    )
    expect((await world.run('accept-loss', 'web', '--yes')).stderr).toContain('a newer manifest was removed')
    for (const [place, name] of newest.entries()) await hdfs.createText(`${folder}/${name}`, texts[place]!)
    await expect.poll(() => world.totals(), { timeout: 60_000, interval: 500 }).toEqual(world.expected)
  })

  it('the topic expires in part before its lines are archived, and the report is of yesterday again', async () => {
    await archiveAll()
    const from = world.lines
    await world.send(3)
    await expectRight()
    lost = [from, world.lines]
    for (const partition of [0, 1]) await expire(clusterAddress('kafka'), `${world.prefix}web`, partition)
    await world.send(2)
    await expectRight()
    await world.server.stop('SIGKILL')
    await run('stream', 'stop', '--cancel')
    await database.putBack()
    const offsets = `${lost[0]}..${lost[1]}`
    await world.serve()
    await expect.poll(() => world.server.said, { timeout: 40_000 }).toContain(`those of offsets ${offsets}`)
    const status = await world.run('status')
    expect([status.status, status.stdout]).toEqual([1, expect.stringContaining('LOG_LINES_MISSING')])
    await world.send(1)
    expect(await run('accept-loss', 'web', '--yes')).toContain(offsets)
    world.sent = world.sent.filter(({ offset }) => offset < lost[0] || offset >= lost[1])
    await expectRight()
  })

  it('a job of Flink is deployed where its totals stand before the loss', async () => {
    await world.server.stop()
    await database.putBack()
    await deployJob()
    await world.serve()
    await world.send(5, 100)
    await expectRight()
    expect((await world.run('query', 'requests')).stderr).toContain(
      `has lost ${lost[1] - lost[0]} lines for good`,
    )
  })

  it('the source is renamed', async () => {
    await world.server.stop()
    const file = join(world.cwd, 'millrace.yaml')
    const renamed = readFileSync(file, 'utf8')
      .replace('  web: { format', '  site: { was: web, format')
      .replace('source: web', 'source: site')
    writeFileSync(file, renamed)
    world.source = 'site'
    await world.serve()
    await run('stream', 'upgrade')
    await jobRuns(world.cwd)
    await world.send(2)
    await expectRight()
  })

  it('and ends with a batch on Spark, a ledger and a verification that agree', async () => {
    await world.server.stop()
    await run('batch')
    expect(await world.totals()).toEqual(world.expected)
    expect(await run('verify', '--engine', 'duckdb')).toContain('all cells are equal')
    const entries: { ledger: Record<string, number> }[] = JSON.parse(
      (await world.run('--json', 'ledger')).stdout,
    )
    const [counted] = world.expected
    const appended = world.lines
    expect(entries.at(-1)!.ledger).toMatchObject({ appended, counted, lost: lost[1] - lost[0] })
    await run('stream', 'stop', '--cancel')
  })
})
