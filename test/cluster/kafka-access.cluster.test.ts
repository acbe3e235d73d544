/** Who may use Kafka, and by what way: TLS, logins, and what is said when they are refused. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openKafkaLog } from '../../src/engines/kafka/open-log.ts'
import { batchOf } from '../contract/log.contract.ts'
import { OwnKafka } from './own-kafka.ts'

let kafka: OwnKafka
let folders = 0
beforeAll(async () => {
  kafka = await OwnKafka.start()
})
afterAll(() => kafka?.stop())

function open(options: Record<string, unknown>) {
  const dataDir = join(kafka.folder, `data${folders}`)
  const prefix = { topic_prefix: `t${folders++}.` }
  return openKafkaLog({
    ...{ dataDir, address: kafka.address, options: { ...prefix, ...options } },
    ...{ sources: new Map(), firstOffset: async () => 0 },
  })
}

async function append(options: Record<string, unknown>): Promise<unknown> {
  const log = await open(options)
  try {
    return await log.append('web', batchOf('a\n'))
  } finally {
    await log.close()
  }
}

function passwordFile(password: string): string {
  const path = join(kafka.folder, `password${folders}`)
  writeFileSync(path, `${password}\n`)
  return path
}

it.each(['scram-sha-256', 'plain'])('logs in over TLS by %s', async (sasl) => {
  const options = { ca: kafka.caFile, sasl, user: kafka.user, password_file: passwordFile(kafka.password) }
  const isReady = async () => expect(await append(options)).toMatchObject({ firstOffset: 0, endOffset: 1 })
  await expect.poll(() => isReady().then(() => true, String), { timeout: 120_000, interval: 1000 }).toBe(true)
})

it('says which login, certificate or protocol is refused', async () => {
  const login = { sasl: 'scram-sha-256', user: kafka.user, password_file: passwordFile('wrong') }
  await expect(append({ ca: kafka.caFile, ...login })).rejects.toMatchObject({
    code: 'LOG_BROKER_AWAY',
    message: expect.stringMatching(/SASL_AUTHENTICATION_FAILED|credentials/),
  })
  await expect(append({ tls: true, ...login })).rejects.toMatchObject({
    code: 'LOG_BROKER_AWAY',
    message: expect.stringMatching(/certificate/),
  })
  await expect(append({ ca: '/nowhere.pem' })).rejects.toMatchObject({ code: 'LOG_BAD_SETTINGS' })
  await expect(append({ sasl: 'plain', user: 'x' })).rejects.toMatchObject({ code: 'LOG_BAD_SETTINGS' })
})
