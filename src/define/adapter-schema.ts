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
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'DEFINE_BAD_NAME' })
      .meta({ description: 'The schema to keep them in. Default millrace.' })
      .optional(),
    ca: ca.optional(),
  })
  .meta({ description: 'Where totals are kept.' })

/** For each role: the key that names its adapter. */
export const ADAPTER_KEYS = { archive: 'hdfs', batch: 'spark', report: 'postgres' } as const
