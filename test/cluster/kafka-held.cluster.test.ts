/** The log on Kafka follows what the brokers hold of a topic: records that expired, and topics that were made again. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { withBatches } from '../../src/archive/archived-topic.ts'
import type { ArchivedTopic } from '../../src/core/block.ts'
import type { MillraceError } from '../../src/core/error.ts'
import { Cluster } from '../../src/engines/kafka/cluster.ts'
import { KafkaLog } from '../../src/engines/kafka/log.ts'
import type { KafkaLogOptions } from '../../src/engines/kafka/log-options.ts'
import { Order } from '../../src/engines/kafka/order.ts'
import { TransactionalProducer } from '../../src/engines/kafka/transactional-producer.ts'
import { batchOf, keyOf, readAll, textOf } from '../contract/log.contract.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { brokersOf, expire, makeTopic, produce, withAdmin } from './kafka-topics.ts'

const kafka = clusterAddress('kafka')
const brokers = brokersOf(kafka)

let dataDir: string
let name: string
let archived: number
let archivedTopic: ArchivedTopic | undefined
let log: KafkaLog | undefined
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-held-'))
  ;[name, archived, archivedTopic] = [`t-${randomUUID().slice(0, 8)}`, 0, undefined]
})
afterEach(async () => {
  await log?.close()
  await rm(dataDir, { recursive: true })
})

async function open(options: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> {
  await log?.close()
  log = await KafkaLog.open({
    ...{ dataDir, topicPrefix: `${name}.`, brokers, partitions: 2, retentionMs: 0, topics: new Map() },
    ...{ doors: ['web'], firstOffset: async () => archived, archivedTopic: async () => archivedTopic },
    ...options,
  })
  return log
}

/** Of the lines of a topic that others fill. */
function openTopic(topic = name, source = 'web'): Promise<KafkaLog> {
  return open({ topics: new Map([[source, { topic, start: 'earliest', observed: 'read' }]]) })
}

const held = () => log!.sources().find(({ source }) => source === 'web')
const reaches = (end: number) => expect.poll(() => held()?.endOffset, { timeout: 20_000 }).toBe(end)

it('tells which lines expired, reads those around them, and goes on', async () => {
  await open()
  // Groups take the two partitions in turn.
  for (const text of ['a\nb\n', 'c\n', 'd\n', 'e\n']) await log!.append('web', batchOf(text))
  await expire(kafka, `${name}.web`, 1)
  await open()
  expect(textOf(await log!.read('web', 0, 1))).toBe('a\nb\n')
  await expect(log!.read('web', 2, 1000)).rejects.toMatchObject({ code: 'LOG_TRIMMED', params: { held: 3 } })
  expect(textOf(await log!.read('web', 3, 1000))).toBe('d\n')
  const gone = [
    { fromOffset: 2, endOffset: 3 },
    { fromOffset: 4, endOffset: 5 },
  ]
  expect(held()).toMatchObject({ startOffset: 0, endOffset: 5, gone })
  await expire(kafka, `${name}.web`, 0)
  await log!.confirmHeld('web')
  expect(held()).toMatchObject({ startOffset: 5, endOffset: 5 })
  expect(held()!.gone).toBe(undefined)
  expect(await log!.append('web', batchOf('f\n'))).toMatchObject({ firstOffset: 5 })
  expect(textOf(await readAll(log!, 'web', 5))).toBe('f\n')
})

it('notices that lines expire under it, and reads those that are in memory', async () => {
  await open()
  for (const text of ['a\n', 'b\n']) await log!.append('web', batchOf(text))
  await expire(kafka, `${name}.web`, 0)
  await expect.poll(() => log!.isExpiring('web', 0), { timeout: 20_000 }).toBe(true)
  expect(log!.isExpiring('web', 1)).toBe(false)
  expect(textOf(await readAll(log!, 'web', 0))).toBe('a\nb\n')
})

it('reads lines whose batch of records expired in part', async () => {
  await open({ partitions: 1 })
  await log!.append('web', batchOf('a\nb\nc\nd\n'))
  await expire(kafka, `${name}.web`, 0, 2)
  await open({ partitions: 1 })
  expect(textOf(await readAll(log!, 'web', 0))).toBe('a\nb\nc\nd\n')
})

it('tells of lines whose records are there and not as they were, as after compaction', async () => {
  await open({ partitions: 1 })
  await log!.append('web', batchOf('a\n'))
  await log!.close()
  // The record after the line is a marker.
  const order = (await Order.open(join(dataDir, 'kafka/web')))!
  const marker = { partition: 0, firstRecord: 1, endRecord: 2, lines: 1, bytes: 2, observedMs: 5 }
  await order.add([marker], () => [])
  await order.close()
  await open({ partitions: 1 })
  await log!.append('web', batchOf('b\n'))
  await expect(log!.read('web', 1, 1)).rejects.toMatchObject({ code: 'LOG_TRIMMED', params: { held: 2 } })
  await log!.confirmHeld('web')
  expect(held()!.gone).toEqual([{ fromOffset: 1, endOffset: 2 }])
  expect(textOf(await log!.read('web', 0, 1000))).toBe('a\n')
  expect(textOf(await log!.read('web', 2, 1000))).toBe('b\n')
})

it('gives offsets to records of others that expired before anybody read them, and goes on in each partition', async () => {
  await makeTopic(kafka, name, 2)
  await produce(kafka, name, 0, ['a', 'b'])
  await produce(kafka, name, 1, ['c'])
  await openTopic()
  await reaches(3)
  await log!.close()
  await produce(kafka, name, 0, ['x', 'y'])
  await expire(kafka, name, 0)
  await produce(kafka, name, 1, ['d'])
  await openTopic()
  await reaches(6)
  await produce(kafka, name, 0, ['e'])
  await reaches(7)
  expect(held()).toMatchObject({ startOffset: 2, gone: [{ fromOffset: 3, endOffset: 5 }] })
  expect(textOf(await log!.read('web', 2, 1))).toBe('c\n')
  expect(textOf(await log!.read('web', 5, 1))).toBe('d\n')
  expect(textOf(await log!.read('web', 6, 1))).toBe('e\n')
})

it('does not take markers and aborted records that expired for lines', async () => {
  await open()
  for (const text of ['a\n', 'b\n', 'c\n']) await log!.append('web', batchOf(text))
  // Its own topic as one of others: each group ends with a marker.
  const door = `${name}.web`
  await openTopic(door, 'other')
  const end = () => log!.sources().find(({ source }) => source === 'other')?.endOffset
  await expect.poll(end, { timeout: 20_000 }).toBe(3)
  await expect
    .poll(() => log!.records('other')?.positions(), { timeout: 20_000 })
    .toEqual(
      new Map([
        [0, 4],
        [1, 2],
      ]),
    )
  for (const partition of [0, 1]) await expire(kafka, door, partition)
  await openTopic(door, 'other')
  await log!.confirmHeld('other')
  expect(end()).toBe(3)
})

it('goes on in a topic that was made again only once the archive has the lines of the old one', async () => {
  await open()
  await log!.append('web', batchOf('a\n'))
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [`${name}.web`] }))
  await open()
  await expect(log!.append('web', batchOf('b\n'))).rejects.toMatchObject({ code: 'LOG_TOPIC_REPLACED' })
  expect(held()!.gone).toEqual([{ fromOffset: 0, endOffset: 1 }])
  // Somebody has accepted the loss, or the lines were archived before.
  archived = 1
  await expect
    .poll(() => log!.append('web', batchOf('b\n')).catch((error: MillraceError) => error.code), {
      timeout: 20_000,
    })
    .toMatchObject({ firstOffset: 1 })
  expect(textOf(await readAll(log!, 'web', 1))).toBe('b\n')
})

const ORDER = 'kafka/web/order.ndjson'

/** As the archive does with the lines below the offset. */
async function archive(end: number): Promise<void> {
  const batches = (await readAll(log!, 'web', archived)).filter(({ endOffset }) => endOffset <= end)
  ;[archived, archivedTopic] = [end, withBatches(archivedTopic, batches)]
}

it('makes the order of a door again from the archive and the topic, on several partitions', async () => {
  await open({ partitions: 3 })
  const texts = ['a\nb\n', 'c\n', 'd\n', 'e\nf\n', 'g\n', 'h\n']
  for (const text of texts) await log!.append('web', batchOf(text, keyOf(text, text)))
  await archive(3)
  const { incarnation } = held()!
  const before = await readAll(log!, 'web', 3)
  await log!.close()
  await rm(join(dataDir, ORDER))
  const notices: string[] = []
  await open({ partitions: 3, onNotice: (source, message) => notices.push(`${source}: ${message}`) })
  await expect
    .poll(() => held(), { timeout: 20_000 })
    .toMatchObject({ startOffset: 3, endOffset: 8, incarnation })
  const bare = (batches: typeof before) => batches.map(({ origin: _, ...batch }) => batch)
  expect(bare(await readAll(log!, 'web', 3))).toEqual(bare(before))
  expect(notices).toEqual([expect.stringContaining('5 lines follow those of the archive')])
  const repeated = await log!.append('web', batchOf('g\n', keyOf('g\n', 'g\n')))
  expect(repeated).toMatchObject({ firstOffset: 6, isDuplicate: true })
})

it('goes on where the archive ends when an older order was put back', async () => {
  await open()
  await log!.append('web', batchOf('a\n'))
  await archive(1)
  const older = await readFile(join(dataDir, ORDER))
  await log!.append('web', batchOf('b\nc\n'))
  await log!.append('web', batchOf('d\n'))
  await archive(3)
  await log!.close()
  await writeFile(join(dataDir, ORDER), older)
  await open()
  await expect.poll(() => held()?.endOffset, { timeout: 20_000 }).toBe(4)
  expect(textOf(await readAll(log!, 'web', 3))).toBe('d\n')
})

for (const partitions of [1, 2])
  it(`makes the order of a topic of others again, of ${partitions} partitions`, async () => {
    await makeTopic(kafka, name, partitions)
    await produce(kafka, name, 0, ['a', 'b'])
    await openTopic()
    await reaches(2)
    await archive(2)
    const { incarnation } = held()!
    await produce(kafka, name, partitions - 1, ['c', 'd'])
    await reaches(4)
    await log!.close()
    await rm(join(dataDir, ORDER))
    await openTopic()
    await reaches(4)
    expect(textOf(await readAll(log!, 'web', 2))).toBe('c\nd\n')
    // Lines of several may have another order now, so what was counted of them is of another log.
    expect(held()!.incarnation === incarnation).toBe(partitions === 1)
  })

it('tells at once that an order was lost before anything was archived', async () => {
  await open()
  await log!.append('web', batchOf('a\n'))
  await log!.close()
  await rm(join(dataDir, ORDER))
  await open()
  await expect.poll(() => log!.trouble, { timeout: 20_000 }).toMatchObject({ code: 'LOG_TOPIC_TAKEN' })
})

it('says that another server took the topic over, or that it is compacted, and not that brokers are away', async () => {
  await open()
  await log!.append('web', batchOf('a\n'))
  const cluster = new Cluster({ brokers })
  await new TransactionalProducer(cluster, `${name}.web`).begin().finally(() => cluster.close())
  await expect(log!.append('web', batchOf('b\n'))).rejects.toMatchObject({ code: 'LOG_TOPIC_FENCED' })
  await expect
    .poll(() => log!.append('web', batchOf('b\n')).catch(() => undefined), { timeout: 20_000 })
    .toMatchObject({ firstOffset: 1 })

  await makeTopic(kafka, `${name}.old`, 1, { 'cleanup.policy': 'compact' })
  await expect(log!.append('old', batchOf('a\n'))).rejects.toMatchObject({ code: 'LOG_TOPIC_COMPACTED' })
  const notices: string[] = []
  await makeTopic(kafka, name, 1, { 'retention.ms': '3600000' })
  await open({
    topics: new Map([['web2', { topic: name, start: 'earliest', observed: 'read' }]]),
    onNotice: (source, message) => notices.push(`${source}: ${message}`),
  })
  await expect.poll(() => notices, { timeout: 20_000 }).toEqual([expect.stringMatching(/^web2: .*after 1h/)])
})

for (const [what, act] of [
  ['deleted', (path: string) => rm(path)],
  [
    'replaced',
    async (path: string) => {
      await writeFile(`${path}.old`, 'an older copy')
      await rename(`${path}.old`, path)
    },
  ],
] as const)
  it(`acks nothing once the file of the order was ${what} under it`, async () => {
    await open()
    await log!.append('web', batchOf('a\n'))
    await act(join(dataDir, ORDER))
    await expect(log!.append('web', batchOf('b\n'))).rejects.toMatchObject({
      code: 'LOG_FILE_GONE',
      message: expect.stringContaining(`was ${what}`),
    })
    expect(log!.failure).toMatchObject({ code: 'LOG_FILE_GONE' })
  })
