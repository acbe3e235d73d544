/** Opens a DuckDB that can touch nothing but the folders it is given. */
import { DuckDBInstance } from '@duckdb/node-api'

export interface Confinement {
  /** The only folders files may be read from or written to. */
  readonly folders: readonly string[]
  /** Where data larger than memory spills. */
  readonly tempFolder: string
  /** DuckDB size text, such as `600MB`. */
  readonly memoryLimit: string
  readonly threads?: number
  readonly readOnly?: boolean
  /**
   * Statements are planned once and run again on other rows. DuckDB plans by the least and greatest values that
   * tables hold at that time, and such a plan gives wrong answers for others, so these are left out of plans.
   */
  readonly keepsPlans?: boolean
}

/**
 * No extension is ever loaded by itself, files outside `folders` are refused, and the settings are locked so
 * that no later statement can lift this. Throws DuckDB's own error when the path cannot be opened.
 */
export async function openConfined(path: string, confinement: Confinement): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(path, {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: confinement.memoryLimit,
    temp_directory: confinement.tempFolder,
    preserve_insertion_order: 'false',
    ...(confinement.keepsPlans && {
      disabled_optimizers: 'statistics_propagation,compressed_materialization',
    }),
    ...(confinement.threads && { threads: String(confinement.threads) }),
    ...(confinement.readOnly && { access_mode: 'READ_ONLY' }),
  })
  const connection = await instance.connect()
  const folders = confinement.folders.map((folder) => `'${folder.replaceAll("'", "''")}'`)
  await connection.run(`SET allowed_directories = [${folders.join(', ')}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
  connection.closeSync()
  return instance
}
