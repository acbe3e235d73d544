/** Rows of text to staged partials: read as JSON, merged with the partials of other lines, written as Parquet. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { DimensionType, MetricPlan, Tally } from '../../core/plan.ts'
import type { RowStaging, StageRows, TallyRow } from '../../ports/stage-rows.ts'
import { duckdbDialect } from './dialect.ts'
import { openConfined } from './open-confined.ts'
import { RecordQueries } from './record-queries.ts'
import { stagedName } from './staged-metric.ts'

const MEMORY_LIMIT = '400MB'

const quoteText = (text: string) => duckdbDialect.quoteText(text)

/** `tempFolder` is where data larger than memory spills, `root` holds all staging folders. */
export function rowStager(root: string, tempFolder: string): { stage: StageRows; close(): void } {
  const place = { folders: [root], tempFolder, memoryLimit: MEMORY_LIMIT }
  let opening: ReturnType<typeof openConfined> | undefined
  return {
    stage: async (staging) => {
      opening ??= openConfined(':memory:', place)
      const connection = await (await opening).connect()
      try {
        return await stageMetrics(connection, staging)
      } finally {
        connection.closeSync()
      }
    },
    close: () => {
      void opening?.then((instance) => instance.closeSync())
    },
  }
}

async function stageMetrics(connection: DuckDBConnection, staging: RowStaging) {
  const { plan } = staging
  const queries = new RecordQueries({ plan, range: {} })
  const metrics: { id: string; path: string }[][] = []
  for (const [place, metric] of plan.metrics.entries()) {
    const tallies: { id: string; path: string }[] = []
    for (const [index, tally] of metric.tallies.entries()) {
      const path = join(staging.stagingDir, stagedName(place, tally))
      const relation = await printRelation(staging, {
        place,
        metric,
        tally,
        rows: staging.rows[place]![index]!,
      })
      const rows = queries.staged(place, tally, queries.mergePartials(place, tally, `(${relation})`))
      await connection.run(`COPY (${rows}) TO ${quoteText(path)} (FORMAT parquet)`)
      tallies.push({ id: tally.id, path })
    }
    metrics.push(tallies)
  }
  return metrics
}

interface TallyFile {
  readonly place: number
  readonly metric: MetricPlan
  readonly tally: Tally
  readonly rows: readonly TallyRow[]
}

/** The rows, and those of the other lines, with the columns of partials. */
async function printRelation({ beside, stagingDir }: RowStaging, file: TallyFile): Promise<string> {
  const { metric, tally, rows, place } = file
  const other = beside.metrics[place]!.tallies.find(({ id }) => id === tally.id)!
  const names = [
    'window_ms',
    ...metric.dimensions.map((_, index) => `d${index}`),
    ...(tally.key ? ['"key"'] : []),
    ...tally.columns.map(({ column }) => column),
  ]
  const fromFile = `SELECT ${names.join(', ')} FROM read_parquet(${quoteText(other.path)})`
  if (rows.length === 0) return fromFile
  const path = join(stagingDir, `rows${place}-${tally.id}.ndjson`)
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const columns = `{windowMs: 'BIGINT', d: 'VARCHAR[]', key: 'BIGINT', v: 'VARCHAR[]'}`
  const casts = [
    'windowMs AS window_ms',
    ...metric.dimensions.map(({ type }, index) => `CAST(d[${index + 1}] AS ${typeOf(type)}) AS d${index}`),
    ...(tally.key ? ['"key"'] : []),
    ...tally.columns.map(({ fn, expr, column }, index) => {
      const type = fn === 'count' ? 'BIGINT' : expr?.type.kind === 'float' ? 'DOUBLE' : 'DECIMAL(38, 0)'
      return `CAST(v[${index + 1}] AS ${type}) AS ${column}`
    }),
  ]
  const source = `read_json(${quoteText(path)}, format = 'newline_delimited', columns = ${columns})`
  return `SELECT ${casts.join(', ')} FROM ${source} UNION ALL ${fromFile}`
}

function typeOf({ kind }: DimensionType): string {
  return { string: 'VARCHAR', boolean: 'BOOLEAN' }[kind as string] ?? 'BIGINT'
}
