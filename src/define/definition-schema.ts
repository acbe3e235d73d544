/** The one shape of a definition: the loader's structural check, the JSON Schema and the TypeScript types. */
import { z } from 'zod'
import {
  archiveSchema,
  batchSchema,
  fromSchema,
  logSchema,
  reportSchema,
  streamSchema,
} from './adapter-schema.ts'
import { serveSchema } from './serve-schema.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/
const METRIC_NAME = /^(?=.{1,120}$)[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})*$/
const FIELD_NAME = /^[^\p{Cc}\p{Cs}]{1,128}$/u
const DURATION = /^[0-9]{1,9}(ms|s|m|h|d)$/
const UNIT = /^[!-~]{1,63}$/

/** A text with a rule of its own: `code` is the diagnostic that a breach gives. */
const ruled = (pattern: RegExp, code: string) => z.string().regex(pattern, { error: code })

const name = ruled(NAME, 'DEFINE_BAD_NAME')
const fieldName = ruled(FIELD_NAME, 'DEFINE_BAD_FIELD_NAME')

export const FIELD_TYPES = [
  'string',
  'boolean',
  'integer',
  'float',
  ...(['decimal(0)', 'decimal(1)', 'decimal(2)', 'decimal(3)', 'decimal(4)', 'decimal(5)'] as const),
  ...(['decimal(6)', 'decimal(7)', 'decimal(8)', 'decimal(9)', 'decimal(10)', 'decimal(11)'] as const),
  ...(['decimal(12)', 'decimal(13)', 'decimal(14)', 'decimal(15)', 'decimal(16)'] as const),
  ...(['decimal(17)', 'decimal(18)'] as const),
] as const

const fieldType = z.enum(FIELD_TYPES).meta({
  description:
    'string, boolean, integer (64 bits), decimal(s) (exact, s digits after the point, 18 digits in all) or float.',
})

const fromPath = z.union([z.string(), z.array(z.string()).min(1)]).meta({
  description:
    'Where the value stands in the line. For json: keys joined by dots, or a list of keys taken literally. For other formats: the name of the column, key or group.',
  examples: ['response.status', ['id.orig_h']],
})

const field = z.union([
  fieldType,
  z
    .strictObject({ type: fieldType, from: fromPath.optional() })
    .meta({ description: 'A field with its place.' }),
])

const csvOptions = z.strictObject({
  columns: z
    .array(z.string().max(128))
    .min(1, { error: 'DEFINE_NO_COLUMNS' })
    .meta({ description: 'The names of the columns, in file order.' }),
  delimiter: z.string().meta({ description: 'One ASCII character between two values.' }).optional(),
  header: z
    .boolean()
    .meta({
      description: 'Whether files start with a line of the column names, which is passed over. Default true.',
    })
    .optional(),
})

const format = z
  .union([
    z.enum(['json', 'logfmt', 'combined', 'common']).meta({
      description:
        'json: one object a line. logfmt: key=value. combined, common: access logs of web servers.',
    }),
    z
      .strictObject({
        csv: csvOptions
          .meta({ description: 'Comma-separated values (RFC 4180), one record a line.' })
          .optional(),
        tsv: csvOptions.meta({ description: 'The same with a tab as the delimiter.' }).optional(),
        pattern: z
          .string()
          .meta({
            description: 'An RE2 regex with named groups (?P<name>…) that matches the whole line.',
            examples: ['(?P<time>\\S+) (?P<level>[A-Z]+) (?P<message>.*)'],
          })
          .optional(),
      })
      .meta({ description: 'A format with options: exactly one key.', minProperties: 1, maxProperties: 1 }),
  ])
  .meta({ description: 'How a line becomes fields.' })

const layout = z.string().meta({
  description:
    'iso (ISO 8601), epoch_s, epoch_ms, epoch_us, epoch_ns, access_log, rfc3164, or directives such as %Y-%m-%d %H:%M:%S. Default iso.',
  examples: ['iso', 'epoch_ms', '%d/%m/%Y %H:%M:%S'],
})

const time = z
  .union([
    fieldName,
    z.strictObject({
      field: fieldName.meta({ description: 'The name of the event time in expressions.' }),
      layout: layout.optional(),
      zone: z
        .string()
        .meta({
          description: 'Time zone of stamps that carry none: an IANA name or an offset. Default UTC.',
          examples: ['Europe/Berlin', '+02:00'],
        })
        .optional(),
      year: z
        .int()
        .min(1)
        .max(9999)
        .meta({ description: 'Year of the first stamp of a file, where stamps carry none.' })
        .optional(),
      from: fromPath.optional(),
    }),
  ])
  .meta({ description: 'The field that holds the event time; ISO 8601 unless a layout is given.' })

const duration = (description: string, example: string) =>
  ruled(DURATION, 'DEFINE_BAD_DURATION').meta({ description, examples: [example] })

const source = z.strictObject({
  was: name
    .meta({
      description:
        'The name that the source had: its archive, log and totals take the new one before anything else is done. It may stay here or be taken out later.',
      examples: ['web'],
    })
    .optional(),
  from: fromSchema.optional(),
  format,
  time: time.optional(),
  nulls: z
    .array(z.string())
    .meta({ description: 'Texts that mean "no value", besides the empty text.', examples: [['NA', '-']] })
    .optional(),
  allowed_skew: duration(
    'How far the event time of a line may lie beyond the time at which it came in; lines further in the future are rejected. No limit when absent.',
    '10m',
  ).optional(),
  allowed_age: duration(
    'How far the event time of a line may lie before the time at which it came in; older lines are rejected. No limit when absent.',
    '400d',
  ).optional(),
  fields: z
    .record(fieldName, field)
    .meta({ description: 'The fields that expressions may use, with their types.' })
    .optional(),
})

const expression = (description: string, example: string) =>
  z.string().meta({ description, examples: [example] })

const aggregate = expression(
  'An aggregate: count(), count(condition), sum, min, max, mean, quantiles or distinct of an expression.',
  'count(status >= 500)',
)

const measure = z.union([
  aggregate,
  z.strictObject({
    value: aggregate,
    unit: ruled(UNIT, 'DEFINE_BAD_UNIT')
      .meta({ description: 'Unit of the value in UCUM.', examples: ['ms', 'By'] })
      .optional(),
  }),
])

const metric = z.strictObject({
  description: z.string().meta({ description: 'What the metric tells, for people.' }).optional(),
  source: z.string().meta({ description: 'The name of the source it is computed from.' }),
  where: expression('Only records for which this is true are counted.', "path <> '/health'").optional(),
  window: duration('Width of the windows; it divides a day.', '1m'),
  dimensions: z
    .record(name, expression('An expression whose values tell the series apart.', 'status / 100'))
    .meta({ description: 'What the totals are split by: name → expression.' })
    .optional(),
  measures: z
    .record(name, measure)
    .meta({ description: 'What is computed: name → aggregate, or { value, unit }.' }),
  ratios: z
    .record(name, expression('A formula over measures and other ratios.', 'errors / requests'))
    .meta({ description: 'Formulas over the measures, computed from merged totals.' })
    .optional(),
  allowed_lateness: duration(
    'How long after its end a window still takes lines. Default 0s.',
    '10m',
  ).optional(),
})

export const definitionSchema = z
  .strictObject({
    $schema: z.string().meta({ description: 'Address of the JSON Schema, for editors.' }).optional(),
    version: z.int().meta({ description: 'Version of the definition language: 1.' }).optional(),
    sources: z
      .record(name, source.meta({ description: 'A kind of raw line: its format, time and fields.' }))
      .meta({ description: 'Where lines come from: name → source.' }),
    metrics: z
      .record(ruled(METRIC_NAME, 'DEFINE_BAD_NAME'), metric.meta({ description: 'One metric.' }))
      .meta({ description: 'What is computed: name → metric.' })
      .optional(),
    data: z
      .strictObject({
        mode: ruled(/^0?7[0-7]{2}$/, 'DEFINE_BAD_MODE')
          .meta({
            description:
              'Permissions of folders that are made in the data folder, in quotes; files have those to read and write. Default "0700": its owner alone. What is there is not changed.',
            examples: ['0750'],
          })
          .optional(),
      })
      .meta({ description: 'The data folder.' })
      .optional(),
    log: logSchema.optional(),
    stream: streamSchema.optional(),
    archive: archiveSchema.optional(),
    batch: batchSchema.optional(),
    report: reportSchema.optional(),
    serve: serveSchema.optional(),
  })
  .meta({
    title: 'Millrace definition',
    description: 'Sources of raw log lines and the metrics made of them.',
  })

/** A definition as its author writes it. */
export type DefinitionText = z.input<typeof definitionSchema>

/** What is left of a text when everything of a wrong shape has been reported and taken out. */
export type Partly<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Partly<Item>[]
    : { [Key in keyof T]?: Partly<T[Key]> | undefined }

/** A source as read: keys of a wrong shape have been reported and taken out. */
export type SourceText = Partly<DefinitionText['sources'][string]>

/** A metric as read, likewise. */
export type MetricText = Partly<NonNullable<DefinitionText['metrics']>[string]>
