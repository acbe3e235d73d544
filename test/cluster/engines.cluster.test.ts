/** Each engine of the cluster does its work, loses a process to a crash, and gets it back. */
import { execFile } from 'node:child_process'
import { request } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { clusterAddress, killProcess, startProcess, stopProcess } from './cluster-addresses.ts'

const KILO = 1024

describe('HDFS', () => {
  const { http, user, dataNodes } = clusterAddress('hdfs')
  const url = (path: string, query: string) => `${http}/webhdfs/v1${path}?user.name=${user}&${query}`

  async function write(path: string, bytes: Buffer, replication: number): Promise<void> {
    const query = `op=CREATE&overwrite=true&noredirect=true&replication=${replication}&blocksize=${64 * KILO}`
    const answer = await fetch(url(path, query), { method: 'PUT' })
    const { Location } = (await answer.json()) as { Location: string }
    expect(await put(Location, bytes)).toBe(201)
  }

  async function read(path: string): Promise<Buffer> {
    const answer = await fetch(url(path, 'op=OPEN'))
    expect(answer.status).toBe(200)
    return Buffer.from(await answer.arrayBuffer())
  }

  /** The DataNodes that hold a copy, block by block. */
  async function holdersOf(path: string): Promise<string[][]> {
    const answer = await fetch(url(path, 'op=GETFILEBLOCKLOCATIONS'))
    const { BlockLocations } = (await answer.json()) as {
      BlockLocations: { BlockLocation: { names: string[] }[] }
    }
    return BlockLocations.BlockLocation.map(({ names }) => names)
  }

  const copiesOf = async (path: string) => (await holdersOf(path)).map((names) => names.length)

  it('keeps a file of several blocks on three DataNodes', async () => {
    const bytes = Buffer.from(Array.from({ length: 200 * KILO }, (_, place) => (place * 7) % 251))
    await write('/smoke/three', bytes, 3)
    expect((await read('/smoke/three')).equals(bytes)).toBe(true)
    await expect.poll(() => copiesOf('/smoke/three'), { timeout: 30_000 }).toEqual([3, 3, 3, 3])
  })

  it('copies the blocks of a DataNode that is killed', async () => {
    const bytes = Buffer.alloc(300 * KILO, 'x')
    await write('/smoke/two', bytes, 2)
    const { name, transfer } = dataNodes[0]!
    await killProcess(name)
    try {
      await expect
        .poll(async () => (await holdersOf('/smoke/two')).flat().includes(transfer), {
          timeout: 60_000,
          interval: 500,
        })
        .toBe(false)
      await expect
        .poll(() => copiesOf('/smoke/two'), { timeout: 60_000, interval: 500 })
        .toEqual([2, 2, 2, 2, 2])
      expect((await read('/smoke/two')).equals(bytes)).toBe(true)
    } finally {
      await startProcess(name)
    }
    expect(await liveNodes()).toBe(3)
  })

  async function liveNodes(): Promise<number> {
    const answer = await fetch(`${http}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState`)
    const { beans } = (await answer.json()) as { beans: { NumLiveDataNodes: number }[] }
    return beans[0]!.NumLiveDataNodes
  }
})

describe('Spark', () => {
  const { ui } = clusterAddress('spark')

  interface Master {
    readonly status: string
    readonly workers: readonly { state: string; cores: number; memory: number }[]
    readonly activeapps: readonly unknown[]
  }

  async function liveWorkers() {
    const answer = await fetch(`${ui}/json/`)
    const master = (await answer.json()) as Master
    expect(master.status).toBe('ALIVE')
    return master.workers
      .filter(({ state }) => state === 'ALIVE')
      .map(({ cores, memory }) => ({ cores, memory }))
  }

  it('has a live worker of two cores and 2 GB, also after a crash', async () => {
    expect(await liveWorkers()).toEqual([{ cores: 2, memory: 2048 }])
    await killProcess('spark-worker')
    await expect.poll(liveWorkers, { timeout: 30_000 }).toEqual([])
    await startProcess('spark-worker')
    expect(await liveWorkers()).toEqual([{ cores: 2, memory: 2048 }])
  })
})

describe('Kafka and Flink', () => {
  const kafka = clusterAddress('kafka')
  const { rest, gateway } = clusterAddress('flink')
  const table = `(n BIGINT) WITH ('connector' = 'kafka', 'topic' = 'smoke', 'format' = 'json',
    'properties.bootstrap.servers' = '${kafka.brokers}', 'scan.startup.mode' = 'earliest-offset',
    'scan.bounded.mode' = 'latest-offset')`

  /** By Kafka's own tool. */
  async function topic(...args: string[]): Promise<string> {
    const tool = ['-cp', join(kafka.home, 'lib/*'), 'org.apache.kafka.tools.TopicCommand']
    const server = ['--bootstrap-server', kafka.brokers]
    const { stdout } = await promisify(execFile)(join(kafka.javaHome, 'bin/java'), [
      ...tool,
      ...server,
      ...args,
    ])
    return stdout
  }

  async function ask(path: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${gateway}/v1${path}`, body && { method: 'POST', body: JSON.stringify(body) })
    return (await answer.json()) as Record<string, unknown>
  }

  /** The rows of one statement in a session of its own, which first learns of the table. */
  async function runSql(statement: string): Promise<unknown[][]> {
    const properties = { 'execution.runtime-mode': 'batch', 'table.dml-sync': 'true' }
    const { sessionHandle } = await ask('/sessions', { properties })
    const session = `/sessions/${sessionHandle}`
    try {
      await results(session, `CREATE TABLE smoke ${table}`)
      return await results(session, statement)
    } finally {
      await fetch(`${gateway}/v1${session}`, { method: 'DELETE' })
    }
  }

  async function results(session: string, statement: string): Promise<unknown[][]> {
    const { operationHandle } = await ask(`${session}/statements`, { statement })
    const rows: unknown[][] = []
    let next: string | undefined = `${session}/operations/${operationHandle}/result/0`
    while (next) {
      const page = await ask(next)
      if (page.errors) throw new Error(JSON.stringify(page.errors))
      const found = (page.results as { data?: { fields: unknown[] }[] } | undefined)?.data ?? []
      rows.push(...found.map(({ fields }) => fields))
      next = (page.nextResultUri as string | undefined)?.replace(/^\/v\d+/, '')
      if (page.resultType === 'NOT_READY') await new Promise((resolve) => setTimeout(resolve, 200))
    }
    return rows
  }

  it('write a topic and read it, also after both have crashed', async () => {
    await topic('--create', '--topic', 'smoke', '--partitions', '2')
    await runSql('INSERT INTO smoke SELECT * FROM (VALUES (1), (2), (39)) AS t(n)')
    expect(await runSql('SELECT sum(n) AS total, count(*) AS lines FROM smoke')).toEqual([[42, 3]])
    for (const name of ['kafka', 'flink-taskmanager']) await killProcess(name)
    await expect.poll(slots, { timeout: 30_000 }).toBe(0)
    for (const name of ['kafka', 'flink-taskmanager']) await startProcess(name)
    expect(await runSql('SELECT sum(n) AS total, count(*) AS lines FROM smoke')).toEqual([[42, 3]])
    expect(await topic('--list')).toContain('smoke')
  })

  async function slots(): Promise<unknown> {
    return ((await (await fetch(`${rest}/overview`)).json()) as Record<string, unknown>)['slots-total']
  }
})

describe('PostgreSQL', () => {
  const { url } = clusterAddress('postgres')

  async function ask(sql: string): Promise<unknown[][]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const { rows } = await client.query({ text: sql, rowMode: 'array' })
      return rows
    } finally {
      await client.end()
    }
  }

  it('is version 18, and the user owns the database', async () => {
    const [[version, user, database] = []] = await ask(
      `SELECT current_setting('server_version_num')::int / 10000, current_user, current_database()`,
    )
    expect([version, user, database]).toEqual([18, 'millrace', 'metrics'])
  })

  it('keeps what was committed through a crash and through a stop', async () => {
    await ask('CREATE TABLE smoke (x integer)')
    for (const [count, end] of [killProcess, stopProcess].entries()) {
      await ask(`INSERT INTO smoke VALUES (${count})`)
      await end('postgres')
      await expect(ask('SELECT 1')).rejects.toThrow()
      await startProcess('postgres')
    }
    expect(await ask('SELECT x FROM smoke ORDER BY x')).toEqual([[0], [1]])
    await ask('DROP TABLE smoke')
  })
})

/** DataNodes send a `100 Continue` that nobody asked for, which `fetch` takes for a bad answer. */
function put(url: string, bytes: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'PUT' }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode))
    })
    sent.once('error', reject)
    sent.end(bytes)
  })
}
