/** The database that packs blocks, confined to their folders, and how it is told to write one. */
import { mkdir } from 'node:fs/promises'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export interface BlockLabel {
  readonly source: string
  readonly incarnation: string
  readonly firstOffset: number
}

/** Only a guard: a table holds one block, and what a line of 1 GiB needs is the most that ever happens. */
const MEMORY_LIMIT = '4GB'
/** More threads hold more row groups in memory at once. */
const THREADS = 2
const ROW_GROUP_LINES = 122_880

/**
 * Raw lines hardly repeat, so a large dictionary would be built in vain (a third of the writer's time); contexts repeat,
 * and this many fit into one. Level 1 packs 5 % worse than level 3 in two thirds of its time.
 */
const PARQUET_OPTIONS = `format parquet, compression zstd, compression_level 1, dictionary_size_limit 1000,
  row_group_size ${ROW_GROUP_LINES}`

/** Nothing outside `folders` can be read or written. */
export async function openPacker(
  folders: readonly string[],
  spillFolder: string,
): Promise<{ instance: DuckDBInstance; connection: DuckDBConnection }> {
  await mkdir(spillFolder, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: MEMORY_LIMIT,
    temp_directory: spillFolder,
    threads: String(THREADS),
  })
  const connection = await instance.connect()
  await connection.run(`set allowed_directories = [${folders.map(quote).join(', ')}]`)
  await connection.run('set enable_external_access = false')
  await connection.run('set lock_configuration = true')
  return { instance, connection }
}

/** Writes what a query gives, in its order, as a block with this label. */
export function printCopy(
  select: string,
  path: string,
  { source, incarnation, firstOffset, lines, rawBytes }: BlockLabel & { lines: number; rawBytes: number },
): string {
  const metadata = {
    millrace_format: '2',
    source,
    incarnation,
    first_offset: String(firstOffset),
    end_offset: String(firstOffset + lines),
    raw_bytes: String(rawBytes),
  }
  const pairs = Object.entries(metadata).map(([key, value]) => `${key}: ${quote(value)}`)
  return `copy (${select}) to ${quote(path)} (${PARQUET_OPTIONS}, kv_metadata {${pairs.join(', ')}})`
}

/** Lines of blocks, those of format 1 among them, which have no context; in the order of the paths. */
export function readBlocks(paths: readonly string[]): string {
  const files = `read_parquet([${paths.map(quote).join(', ')}], union_by_name = true)`
  const none = 'select null::varchar as context where false'
  return `(select "offset", observed_ms, raw, context from (${none} union all by name from ${files}))`
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
