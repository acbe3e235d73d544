/** The log on Kafka as a definition describes it. */
import { readFile } from 'node:fs/promises'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { SASLOptions } from '@platformatic/kafka'
import type { AdapterConfig, Source } from '../../core/definition.ts'
import { parseDuration } from '../../core/duration.ts'
import { MillraceError } from '../../core/error.ts'
import { logContext } from '../../core/line-context.ts'
import type { ClusterOptions } from './cluster.ts'
import { KafkaLog } from './log.ts'
import type { KafkaLogOptions } from './log-options.ts'

/** Options as the definition writes them; see src/define/adapter-schema.ts, which has checked them. */
interface KafkaConfig {
  readonly topic_prefix?: string
  readonly partitions?: number
  readonly replication?: number
  readonly retention?: string
  readonly tls?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly sasl?: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly user?: string
  readonly password_file?: string
}

export interface LogPlace
  extends Pick<AdapterConfig, 'address' | 'options'>,
    Pick<
      KafkaLogOptions,
      | 'dataDir'
      | 'firstOffset'
      | 'countedTo'
      | 'archivedTopic'
      | 'archivedKeys'
      | 'knownClock'
      | 'topicName'
      | 'onNotice'
      | 'isReader'
    > {
  readonly sources: ReadonlyMap<string, Source>
}

const PREFIX = 'millrace.'
const RETENTION_MS = 24 * 3_600_000
const PASSWORD = 'MILLRACE_KAFKA_PASSWORD'

/** Errors: LOG_BAD_SETTINGS, DATA_LOCKED, LOG_DAMAGED, LOG_TOPIC_CHANGED. */
export async function openKafkaLog({ address, options, sources, ...place }: LogPlace): Promise<KafkaLog> {
  const config = options as KafkaConfig
  const { topic_prefix: topicPrefix = PREFIX, partitions = 1, replication, retention } = config
  return KafkaLog.open({
    ...{ ...place, topicPrefix, partitions, ...(await clientOptions({ address, options })) },
    ...(replication !== undefined && { replication }),
    retentionMs: retention === undefined ? RETENTION_MS : parseDuration(retention)!,
    doors: [...sources.values()].filter(({ from }) => !from).map(({ name }) => name),
    topics: new Map(
      [...sources].flatMap(([name, source]) =>
        source.from ? [[name, { ...source.from, ...logContext(source) }]] : [],
      ),
    ),
  })
}

/** Errors: LOG_BAD_SETTINGS. */
export async function clientOptions({
  address,
  options,
}: Pick<AdapterConfig, 'address' | 'options'>): Promise<ClusterOptions> {
  const tls = await readTls(options)
  const sasl = await readLogin(options)
  return { brokers: parseBrokers(address), ...(tls && { tls }), ...(sasl && { sasl }) }
}

/** Beside the topics of sources. */
export function topicName({ options }: Pick<AdapterConfig, 'options'>, name: string): string {
  return `${(options as KafkaConfig).topic_prefix ?? PREFIX}${name}`
}

/** `a:9092,b:9092` */
export function parseBrokers(address: string): { host: string; port: number }[] {
  return address.split(',').map((place) => {
    const at = place.lastIndexOf(':')
    return { host: place.slice(0, at), port: Number(place.slice(at + 1)) }
  })
}

async function readTls(config: KafkaConfig): Promise<TlsOptions | undefined> {
  const { ca, cert, key, tls = [ca, cert, key].some((file) => file !== undefined) } = config
  if (!tls) return undefined
  return {
    ...(ca !== undefined && { ca: await readText(ca) }),
    ...(cert !== undefined && { cert: await readText(cert) }),
    ...(key !== undefined && { key: await readText(key) }),
  }
}

async function readLogin({ sasl, user, password_file: file }: KafkaConfig): Promise<SASLOptions | undefined> {
  if (sasl === undefined || user === undefined) return undefined
  const password = file === undefined ? process.env[PASSWORD] : (await readText(file)).replace(/\r?\n$/, '')
  if (!password)
    throw unusable(`user ${user} has no password; put it in ${PASSWORD} or name \`password_file\``)
  return { mechanism: sasl.toUpperCase() as SASLOptions['mechanism'], username: user, password }
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw unusable(`${path} cannot be read (${error.message})`)
  })
}

function unusable(why: string): MillraceError {
  return new MillraceError('LOG_BAD_SETTINGS', { why })
}
