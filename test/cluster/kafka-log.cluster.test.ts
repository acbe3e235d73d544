/** The log on Kafka keeps the contract of logs. */
import { randomUUID } from 'node:crypto'
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { MillraceError } from '../../src/core/error.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { Cluster } from '../../src/engines/kafka/cluster.ts'
import { cutGroup } from '../../src/engines/kafka/cut-group.ts'
import { KafkaLog } from '../../src/engines/kafka/log.ts'
import type { KafkaLogOptions } from '../../src/engines/kafka/log-options.ts'
import { TransactionalProducer } from '../../src/engines/kafka/transactional-producer.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { batchOf, describeLog, keyOf, readAll, textOf } from '../contract/log.contract.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { brokersOf, makeTopic, produce } from './kafka-topics.ts'

describeLog('kafka', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
  const topicPrefix = `t-${randomUUID().slice(0, 8)}.`
  let nowMs = 0
  const clocks = { now: () => nowMs, steady: () => 0 }
  const options = { ...{ dataDir, topicPrefix, clocks, partitions: 1, retentionMs: 0 }, topics: new Map() }
  return {
    open: () =>
      KafkaLog.open({
        ...{ ...options, brokers: brokersOf(clusterAddress('kafka')) },
        firstOffset: async () => 100,
      }),
    setNow: (ms) => {
      nowMs = ms
    },
    remove: () => rm(dataDir, { recursive: true }),
  }
})

const brokers = brokersOf(clusterAddress('kafka'))
const clocks = { now: () => 5000, steady: () => 0 }

async function withFolder(act: (dataDir: string, topicPrefix: string) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
  await act(dataDir, `t-${randomUUID().slice(0, 8)}.`).finally(() => rm(dataDir, { recursive: true }))
}

function open(
  dataDir: string,
  topicPrefix: string,
  options: Partial<KafkaLogOptions> = {},
): Promise<KafkaLog> {
  return KafkaLog.open({
    ...{ dataDir, topicPrefix, brokers, clocks, partitions: 2, retentionMs: 0, topics: new Map() },
    ...{ firstOffset: async () => 0, ...options },
  })
}

it('takes in what was committed when a process died, its keys too, and nothing that was not', () =>
  withFolder(async (dataDir, prefix) => {
    const first = await open(dataDir, prefix)
    await first.append('web', batchOf('a\nb\n'))
    const { incarnation } = first.sources()[0]!
    await first.close()

    const cluster = new Cluster({ brokers })
    const dead = new TransactionalProducer(cluster, `${prefix}web`)
    const group = (text: string, key?: string) => {
      const batch = batchOf(text, key === undefined ? undefined : keyOf(key, text))
      const options = { observedMs: 6000, incarnation, firstOffset: 2, mostBytes: 1_000_000 }
      return cutGroup([{ batch, bytes: text.length }], options).batches
    }
    await dead.begin()
    await dead.write(1, group('c\nd\n', 'k1'))
    await dead.write(0, group('e\n', 'k2'), { isCommitted: false })
    await cluster.close()

    const log = await open(dataDir, prefix)
    expect(await log.append('web', batchOf('c\nd\n', keyOf('k1', 'c\nd\n')))).toEqual({
      ...{ firstOffset: 2, endOffset: 4, observedMs: 6000, isDuplicate: true },
    })
    expect(await log.append('web', batchOf('e\n', keyOf('k2', 'e\n')))).toMatchObject({
      ...{ firstOffset: 4, isDuplicate: false },
    })
    expect(textOf(await readAll(log, 'web', 0))).toBe('a\nb\nc\nd\ne\n')
    await log.close()
  }))

it('knows archived batches by their keys when its order is older than the archive, or lost', () =>
  withFolder(async (dataDir, prefix) => {
    const archive = new FilesArchive({ dataDir })
    const facts: Partial<KafkaLogOptions> = {
      firstOffset: async (source) => (await archive.manifest(source))?.nextOffset ?? 0,
      archivedTopic: async (source) => (await archive.manifest(source))?.topic,
      archivedKeys: (source, sinceMs) => archive.keys(source, sinceMs),
    }
    const order = join(dataDir, 'kafka/web/order.ndjson')
    const post = (log: KafkaLog, key: string) => log.append('web', batchOf(`${key}\n`, keyOf(key, key)))
    const log = await open(dataDir, prefix, facts)
    await post(log, 'k1')
    await copyFile(order, join(dataDir, 'older'))
    await post(log, 'k2')
    await archiveLog({ log, archive, passed: async () => undefined }, 'web', { isUrgent: true })
    await post(log, 'k3')
    await log.close()
    for (const harm of [() => rename(join(dataDir, 'older'), order), () => rm(order)]) {
      await harm()
      const again = await open(dataDir, prefix, facts)
      for (const [firstOffset, key] of ['k1', 'k2', 'k3'].entries())
        expect(await post(again, key)).toMatchObject({ firstOffset, isDuplicate: true })
      await again.close()
    }
  }))

it('stays in its topic when its source has another name, and refuses that to a new one', () =>
  withFolder(async (dataDir, prefix) => {
    const log = await open(dataDir, prefix)
    await log.append('web', batchOf('a\nb\n', keyOf('k1', 'a\nb\n')))
    await log.close()
    await rename(join(dataDir, 'kafka/web'), join(dataDir, 'kafka/site'))
    const renamed = { topicName: async (source: string) => (source === 'site' ? 'web' : undefined) }
    const again = await open(dataDir, prefix, renamed)
    expect(await again.append('site', batchOf('a\nb\n', keyOf('k1', 'a\nb\n')))).toMatchObject({
      ...{ firstOffset: 0, endOffset: 2, isDuplicate: true },
    })
    await again.append('site', batchOf('c\n'))
    expect(textOf(await readAll(again, 'site', 0))).toBe('a\nb\nc\n')
    await expect(again.append('web', batchOf('d\n'))).rejects.toMatchObject({ code: 'LOG_TOPIC_TAKEN' })
    await again.close()
  }))

it('cuts large batches, reads them back from the brokers, and refuses a line that the topic cannot hold', () =>
  withFolder(async (dataDir, prefix) => {
    const text = Array.from({ length: 60_000 }, (_, index) => `${index} ${'x'.repeat(index % 90)}\n`).join('')
    const log = await open(dataDir, prefix)
    const long = `${'y'.repeat(2_000_000)}\n`
    await Promise.all([log.append('web', batchOf(text)), log.append('web', batchOf(long))])
    await expect(log.append('web', batchOf(`${'z'.repeat(9_000_000)}\n`))).rejects.toMatchObject({
      code: 'LOG_LINE_TOO_LONG',
    })
    await log.append('web', batchOf('end\n'))
    await log.close()
    const again = await open(dataDir, prefix, { isReader: true })
    expect(textOf(await readAll(again, 'web', 0, 1_000_000))).toBe(`${text}${long}end\n`)
    await again.close()
  }))

it('reads lines on while newer ones drive them out of memory', () =>
  withFolder(async (dataDir, prefix) => {
    const log = await open(dataDir, prefix)
    const texts = Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(1_000_000)}\n`)
    for (const text of texts.slice(0, 36)) await log.append('web', batchOf(text))
    const append = async () => {
      for (const text of texts.slice(36)) await log.append('web', batchOf(text))
    }
    const [found] = await Promise.all([log.read('web', 0, 36_000_000), append()])
    expect(textOf(found)).toBe(texts.slice(0, found.length).join(''))
    expect(found.length).toBeGreaterThan(30)
    await log.close()
  }))

it('refuses a topic that another data folder writes to', () =>
  withFolder(async (dataDir, prefix) => {
    const log = await open(dataDir, prefix)
    await log.append('web', batchOf('a\n'))
    await withFolder(async (other) => {
      const second = await open(other, prefix)
      await expect(second.append('web', batchOf('b\n'))).rejects.toMatchObject({ code: 'LOG_TOPIC_TAKEN' })
      await second.close()
    })
    expect(await log.append('web', batchOf('c\n'))).toMatchObject({ firstOffset: 1 })
    await log.close()
  }))

it("reads no further than a stamp of a broker that is ahead of this machine's clock, until it is not believed", () =>
  withFolder(async (dataDir, topic) => {
    const address = clusterAddress('kafka')
    await makeTopic(address, topic, 2, { 'message.timestamp.type': 'LogAppendTime' })
    const behindMs = Date.now() - 2 * 3_600_000
    const settings = {
      clocks: { now: () => behindMs, steady: () => 0 },
      topics: new Map([['web', { topic, start: 'earliest', observed: 'topic' }]] as const),
    }
    const reached = async (log: KafkaLog, isThere: () => boolean) => {
      while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 20))
      const [found] = log.sources()
      return { end: found?.endOffset, trouble: (log.trouble as MillraceError | undefined)?.code }
    }
    await produce(address, topic, 0, ['a', 'b'])
    await produce(address, topic, 1, ['c'])
    let log = await open(dataDir, topic, settings)
    expect(await reached(log, () => log.trouble !== undefined)).toEqual({
      end: 0,
      trouble: 'LOG_CLOCK_BROKER',
    })
    await log.close()

    log = await open(dataDir, topic, { ...settings, isReader: true })
    await log.distrustStamps('web')
    await log.close()
    await produce(address, topic, 1, ['d'])
    log = await open(dataDir, topic, settings)
    const isHeld = () => log.sources()[0]?.endOffset === 3 && log.trouble !== undefined
    expect(await reached(log, isHeld)).toEqual({ end: 3, trouble: 'LOG_CLOCK_BROKER' })
    const batches = await readAll(log, 'web', 0)
    expect(new Set(batches.map(({ observedMs }) => observedMs))).toEqual(new Set([behindMs]))
    expect([...textOf(batches)].sort().join('').trim()).toBe('abc')
    await log.close()
  }))
