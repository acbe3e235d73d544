/** Which adapters a definition can name for a role, and their options; the only place outside engines that names them. */
import { z } from 'zod'

const ca = z.string().min(1).meta({
  description: "A PEM file of the authorities to trust. A relative path is taken from the file's own folder.",
})
const size = z.string().regex(/^[0-9]{1,6}[kmgt]$/, { error: 'DEFINE_BAD_SIZE' })
const whole = (most: number) => z.int().min(1).max(most)

export const archiveSchema = z
  .strictObject({
    mirror: z
      .string()
      .min(1)
      .meta({ description: 'A second folder, on another drive, that holds a copy of every block.' })
      .optional(),
    hdfs: z
      .string()
      .regex(/^https?:\/\/[^\s/]+\/?$/, { error: 'DEFINE_BAD_ADDRESS' })
      .meta({
        description: "Keeps blocks in Hadoop HDFS: the NameNode's WebHDFS address.",
        examples: ['http://namenode:9870'],
      })
      .optional(),
    path: z
      .string()
      .regex(/^\/[^\0]*$/, { error: 'DEFINE_BAD_FOLDER' })
      .meta({ description: 'The folder in HDFS. Default /millrace.' })
      .optional(),
    rpc: z
      .string()
      .regex(/^hdfs:\/\/[^\s/]+$/, { error: 'DEFINE_BAD_ADDRESS' })
      .meta({
        description: 'The address that engines read blocks by; asked of the NameNode when not given.',
        examples: ['hdfs://namenode:8020'],
      })
      .optional(),
    replication: whole(512)
      .meta({ description: 'Copies of each block. Default: as HDFS is set.' })
      .optional(),
    block_size: size.meta({ description: 'Size of HDFS blocks. Default 128m.' }).optional(),
    user: z.string().min(1).meta({ description: 'The user name to give.' }).optional(),
    token: z.string().min(1).meta({ description: 'A delegation token to give.' }).optional(),
    ca: ca.optional(),
  })
  .meta({ description: 'How raw lines are kept.' })

export const batchSchema = z
  .strictObject({
    spark: z
      .string()
      .regex(/^(local(\[.+\])?|spark:\/\/.+|yarn|k8s:\/\/.+)$/, { error: 'DEFINE_BAD_MASTER' })
      .meta({
        description: 'Computes on Apache Spark: its master.',
        examples: ['spark://master:7077', 'yarn', 'local[*]'],
      })
      .optional(),
    memory: size.meta({ description: 'Memory of the driver and of each executor. Default 2g.' }).optional(),
    cores: whole(100_000)
      .meta({ description: 'Cores to use in all. Default: what the master gives.' })
      .optional(),
    home: z.string().min(1).meta({ description: 'The folder of Spark. Default: SPARK_HOME.' }).optional(),
    page: z
      .string()
      .regex(/^https?:\/\/[^\s/]+\/?$/, { error: 'DEFINE_BAD_ADDRESS' })
      .meta({
        description:
          "A standalone master's page, which `millrace status` asks. Default: port 8080 of its host.",
        examples: ['http://master:8080'],
      })
      .optional(),
    wait: z
      .string()
      .regex(/^[0-9]{1,9}(ms|s|m|h|d)$/, { error: 'DEFINE_BAD_DURATION' })
      .meta({ description: 'How long to wait for the first executor. Default 1m.', examples: ['10m'] })
      .optional(),
    conf: z
      .record(z.string().min(1).max(200), z.union([z.string(), z.number(), z.boolean()]))
      .meta({ description: 'Further settings of Spark.' })
      .optional(),
  })
  .extend({
    cron: z
      .string()
      .min(1)
      .meta({ description: 'When `millrace serve` computes: five fields of cron.', examples: ['0 3 * * *'] })
      .optional(),
    timezone: z
      .string()
      .min(1)
      .meta({ description: 'Time zone of cron, an IANA name. Default UTC.', examples: ['Europe/Berlin'] })
      .optional(),
  })
  .meta({ description: 'What computes totals, and when.' })

export const reportSchema = z
  .strictObject({
    postgres: z
      .string()
      .regex(/^postgres(ql)?:\/\/\S+$/, { error: 'DEFINE_BAD_ADDRESS' })
      .meta({
        description: 'Keeps totals in PostgreSQL. The password may stand in PGPASSWORD or a password file.',
        examples: ['postgres://millrace@db/metrics'],
      })
      .optional(),
    schema: z
      .string()
      .regex(/^(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}$/, { error: 'DEFINE_BAD_SCHEMA' })
      .meta({ description: 'The schema to keep them in. Default millrace.' })
      .optional(),
    ca: ca.optional(),
  })
  .meta({ description: 'Where totals are kept.' })

export const logSchema = z
  .strictObject({
    kafka: z
      .string()
      .regex(/^[^\s,:]+:[0-9]{1,5}(,[^\s,:]+:[0-9]{1,5})*$/, { error: 'DEFINE_BAD_BROKERS' })
      .meta({
        description: 'Keeps lines in Apache Kafka until they are archived: some of its brokers.',
        examples: ['broker:9092', 'kafka1:9092,kafka2:9092'],
      })
      .optional(),
    topic_prefix: z
      .string()
      .regex(/^[A-Za-z0-9._-]{0,150}$/, { error: 'DEFINE_BAD_TOPIC' })
      .meta({ description: "What a source's name follows in the name of its topic. Default millrace." })
      .optional(),
    partitions: whole(1000)
      .meta({ description: 'Partitions of a topic when it is made. Default 1.' })
      .optional(),
    replication: whole(100)
      .meta({ description: 'Copies of each record when a topic is made. Default: as the brokers are set.' })
      .optional(),
    retention: z
      .string()
      .regex(/^[0-9]{1,9}(ms|s|m|h|d)$/, { error: 'DEFINE_BAD_DURATION' })
      .meta({
        description: 'How long a topic keeps lines that archive and report have. Default 1d.',
        examples: ['7d'],
      })
      .optional(),
    tls: z
      .boolean()
      .meta({ description: 'Speaks TLS. Default: true where ca, cert or key is given.' })
      .optional(),
    ca: ca.optional(),
    cert: z
      .string()
      .min(1)
      .meta({ description: 'A PEM file of the certificate to show. A relative path is taken from the file.' })
      .optional(),
    key: z
      .string()
      .min(1)
      .meta({ description: "A PEM file of the certificate's key. A relative path is taken from the file." })
      .optional(),
    sasl: z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
      .meta({ description: 'How to log in.' })
      .optional(),
    user: z.string().min(1).meta({ description: 'The user name to give.' }).optional(),
    password_file: z
      .string()
      .min(1)
      .meta({
        description: 'A file that holds the password; else it stands in MILLRACE_KAFKA_PASSWORD.',
      })
      .optional(),
  })
  .meta({ description: 'Where lines are kept between the door and the archive.' })

const duration = z.string().regex(/^[0-9]{1,9}(ms|s|m|h|d)$/, { error: 'DEFINE_BAD_DURATION' })
const httpAddress = z.string().regex(/^https?:\/\/[^\s/]+\/?$/, { error: 'DEFINE_BAD_ADDRESS' })

export const streamSchema = z
  .strictObject({
    flink: httpAddress
      .meta({
        description: 'Tallies lines on Apache Flink as they come: the address of its SQL gateway.',
        examples: ['http://sql-gateway:8083'],
      })
      .optional(),
    rest: httpAddress
      .meta({ description: "The JobManager's REST address.", examples: ['http://jobmanager:8081'] })
      .optional(),
    parallelism: whole(10_000).meta({ description: 'Of the job. Default 1.' }).optional(),
    chunk: duration
      .meta({ description: 'Lines observed within so long are added at once. Default 500ms.' })
      .optional(),
    patience: duration
      .meta({ description: 'After how long the embedded engine counts what the job has not. Default 1m.' })
      .optional(),
    checkpoint: duration
      .meta({ description: 'Time between checkpoints of the job. Default 10s.' })
      .optional(),
    state: duration
      .meta({ description: 'How long Flink keeps the state of a group without records. Default 1h.' })
      .optional(),
    kafka: z
      .record(z.string().regex(/^[a-z.]{1,100}$/), z.string())
      .meta({
        description:
          "Options of Flink's Kafka client, such as bootstrap.servers and security.protocol. Default: the brokers of `log`.",
      })
      .optional(),
  })
  .meta({ description: 'What tallies lines as they come. Needs `log: { kafka: … }`.' })

/** Where the lines of a source come from, if not by the door. */
export const fromSchema = z
  .strictObject({
    kafka: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,249}$/, { error: 'DEFINE_BAD_TOPIC' })
      .meta({ description: 'The topic. Each record of it is a line.', examples: ['web-logs'] }),
    start: z
      .enum(['earliest', 'latest'])
      .meta({ description: 'Where to begin when the topic is read for the first time. Default earliest.' })
      .optional(),
    observed: z
      .enum(['topic', 'read'])
      .meta({
        description:
          'When a line counts as observed. topic: when the broker took it, which needs LogAppendTime. read: when it is read. Default topic.',
      })
      .optional(),
  })
  .meta({ description: 'A topic of Kafka that others fill. Needs `log: { kafka: … }`.' })

/**
 * What a process of Spark needs at least: 300 MiB that it reserves, one and a half times (UnifiedMemoryManager of Spark 4).
 * With less it ends before it computes anything, unless the setting `unless` says that it reserves less.
 */
export const LEAST_MEMORY = {
  bytes: 450 * 1024 ** 2,
  text: '450m',
  keys: ['spark.driver.memory', 'spark.executor.memory'],
  unless: 'spark.testing.reservedMemory',
} as const

/** For each role: the key that names its adapter. */
export const ADAPTER_KEYS = {
  log: 'kafka',
  stream: 'flink',
  archive: 'hdfs',
  batch: 'spark',
  report: 'postgres',
} as const
