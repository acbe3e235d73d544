/** A checked definition: what millrace.yaml means once every name, type and expression has been verified. */
import type { Expr, RatioExpr } from './expr.ts'

export type FieldType =
  | { readonly kind: 'string' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer' }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'float' }

/**
 * How a line becomes fields. `csv.columns` are the header's names in file order; a line equal to the header
 * is skipped (counted as filtered). `nullTexts` are texts read as null besides the empty text of non-string
 * fields. `pattern.regex` is RE2 with named groups and must match the whole line.
 */
export type Format =
  | { readonly kind: 'json' }
  | { readonly kind: 'logfmt' }
  | { readonly kind: 'combined' }
  | { readonly kind: 'common' }
  | {
      readonly kind: 'csv'
      readonly delimiter: string
      readonly columns: readonly string[]
      readonly header: boolean
    }
  | { readonly kind: 'pattern'; readonly regex: string }

export type TimeLayout =
  | { readonly kind: 'iso' | 'epoch_s' | 'epoch_ms' | 'epoch_us' | 'epoch_ns' | 'access_log' | 'rfc3164' }
  | { readonly kind: 'strptime'; readonly format: string }

/**
 * Where the event time stands. `path` addresses it as a field's path does. `zone` is an IANA name or a fixed
 * offset, used only for stamps that carry none. `year` is for layouts without one: that of a file's first stamp, and of lines
 * that have no context.
 */
export interface TimeRule {
  readonly field: string
  readonly path: readonly string[]
  readonly layout: TimeLayout
  readonly zone: string
  readonly year?: number
}

/** `path` is one key per level for json (a key may contain dots); one name for every other format. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly path: readonly string[]
}

/** A topic that is read as a source. */
export interface SourceTopic {
  readonly topic: string
  /** Where to begin the first time. */
  readonly start: 'earliest' | 'latest'
  /** Whether a line is observed when the broker took it, or when it is read. */
  readonly observed: 'topic' | 'read'
}

export interface Source {
  readonly name: string
  /** The name it had: what is kept under that one is its own. */
  readonly was?: string
  readonly format: Format
  readonly time: TimeRule
  readonly nullTexts: readonly string[]
  /** The topic of the log's brokers that others fill with its lines; by the door when absent. */
  readonly from?: SourceTopic
  /** Records whose event time lies further beyond their observed time are rejected; no limit when absent. */
  readonly allowedSkewMs?: number
  /** Records whose event time lies further before their observed time are rejected; no limit when absent. */
  readonly allowedAgeMs?: number
  readonly fields: readonly Field[]
}

export interface Dimension {
  readonly name: string
  readonly expr: Expr
}

/** What a measure computes: the aggregate's name, its typed arguments and its options. */
export interface AggregateCall {
  readonly aggregate: 'count' | 'sum' | 'min' | 'max' | 'mean' | 'quantiles' | 'distinct'
  readonly argument?: Expr
  /** `distinct` only: number of registers, a power of two from 16 to 4,096. */
  readonly registers?: number
}

export interface Measure {
  readonly name: string
  readonly call: AggregateCall
  readonly unit?: string
}

export interface Ratio {
  readonly name: string
  readonly expr: RatioExpr
}

export interface Metric {
  readonly name: string
  readonly source: string
  readonly description?: string
  readonly where?: Expr
  /** A divisor of 86,400,000. */
  readonly windowMs: number
  readonly dimensions: readonly Dimension[]
  readonly measures: readonly Measure[]
  /** In an order in which each ratio needs only those before it. */
  readonly ratios: readonly Ratio[]
  readonly allowedLatenessMs: number
}

/** An adapter that takes a role in place of the embedded one: its name, where its service is, and its options. */
export interface AdapterConfig {
  readonly adapter: string
  readonly address: string
  /** As the definition writes them; paths are absolute. */
  readonly options: Readonly<Record<string, unknown>>
}

/** When batches run: five fields of cron in a time zone. */
export interface Schedule {
  readonly cron: string
  readonly timezone: string
}

/** The server that takes lines over HTTP. */
export interface ServeConfig {
  readonly host: string
  readonly port: number
  /** Further names of the server, in small letters. */
  readonly hosts: readonly string[]
  /** Addresses and networks of proxies that tell whom they speak for. */
  readonly proxies: readonly string[]
  /** How long an acked line may wait to be counted before it is told. */
  readonly freshnessMs: number
  /** When windows with late records are computed anew. */
  readonly restate: 'at_once' | 'scheduled'
  /** Absolute paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** By source: SHA-256 of each token, hex. */
  readonly tokens: ReadonlyMap<string, readonly string[]>
  /** Those that the definition names. */
  readonly limits: {
    readonly bodyBytes?: number
    readonly unpackedBytes?: number
    readonly lineBytes?: number
    readonly requestMs?: number
    readonly connections?: number
    readonly bytesAtOnce?: number
  }
}

export interface Definition {
  readonly file: string
  readonly sources: ReadonlyMap<string, Source>
  readonly metrics: ReadonlyMap<string, Metric>
  /** `mode` are the permissions of the data folder's folders; files have those to read and write. */
  readonly data: { readonly mode?: number }
  readonly log: { readonly adapter?: AdapterConfig }
  readonly stream: { readonly adapter?: AdapterConfig }
  readonly archive: { readonly mirror?: string; readonly adapter?: AdapterConfig }
  readonly batch: { readonly adapter?: AdapterConfig; readonly schedule?: Schedule }
  readonly report: { readonly adapter?: AdapterConfig }
  readonly serve: ServeConfig
}
