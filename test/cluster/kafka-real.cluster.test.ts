/** A real log, produced to a topic of two partitions out of order: its totals are the answers of ../shared/data. */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { loadDefinition } from '../../src/define/load-definition.ts'
import { KafkaLog } from '../../src/engines/kafka/log.ts'
import { openArchive } from '../../src/engines/registry.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { Pipeline } from '../pipeline.ts'
import { checkAnswer, dimensionsOf, parseCsv } from '../real/check-answer.ts'
import { SETS } from '../real/sets.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { brokersOf, makeTopic, produce } from './kafka-topics.ts'

const DATA = resolve('../shared/data')
const set = SETS.find(({ name }) => name === 'apache_combined')!
const sets = existsSync(DATA) ? [set] : []
if (sets.length === 0) console.warn(`the real set is SKIPPED over kafka: there is no ${DATA}`)

it.each(sets.map(({ name }) => name))('counts %s, produced out of order to two partitions', async () => {
  const kafka = clusterAddress('kafka')
  const topic = `real-${randomUUID().slice(0, 8)}`
  await makeTopic(kafka, topic, 2, { 'message.timestamp.type': 'LogAppendTime' })
  const lines = readFileSync(join(DATA, set.files[0]!), 'latin1').split('\n').slice(0, -1)
  // By turns from the end and from the beginning, in batches that both partitions get.
  const shuffled = lines.map((_, index) => lines[index % 2 === 0 ? index : lines.length - index]!)
  for (let at = 0; at < shuffled.length; at += 1000) {
    const values = shuffled.slice(at, at + 1000).map((line) => Buffer.from(line, 'latin1'))
    await produce(kafka, topic, (at / 1000) % 2, values)
  }
  const { definition } = await loadDefinition(`test/real/${set.name}/millrace.yaml`)
  const pipeline = new Pipeline(definition!)
  const archive = await openArchive(pipeline.folders)
  const reading = { topic, start: 'earliest', observed: 'topic' } as const
  const log = await KafkaLog.open({
    ...{
      dataDir: pipeline.folder,
      brokers: brokersOf(kafka),
      topicPrefix: '',
      partitions: 1,
      retentionMs: 0,
    },
    ...{ topics: new Map([[set.source, reading]]), firstOffset: async () => 0 },
  })
  try {
    await expect.poll(() => log.sources()[0]?.endOffset, { timeout: 30_000 }).toBe(lines.length)
    const passed = async () => lines.length
    await archiveLog({ log, archive, passed }, set.source, { isUrgent: true })
    expect(await archiveLog({ log, archive, passed }, set.source, { isUrgent: true })).toMatchObject({
      lines: 0,
    })
  } finally {
    await log.close()
  }
  await pipeline.batch()
  for (const [csv, [metric, step]] of Object.entries(set.answers)) {
    const expected = parseCsv(readFileSync(join(DATA, 'expected', set.name, `${csv}.csv`), 'utf8'))
    const found = parseCsv(
      await pipeline.queryCsv(metric, { step, by: dimensionsOf(expected), quantiles: ['0.5', '0.95'] }),
    )
    checkAnswer(found, expected)
  }
  pipeline.remove()
})

it('says so when there is no real set', () => {
  expect(sets.length > 0).toBe(existsSync(DATA))
})
