/** Where the cluster's engines are, and what a run has staged in its HDFS. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

export function readCluster(root) {
  const state = join(resolve(root, process.env.MILLRACE_CLUSTER_DIR ?? '.millrace-cluster'), 'state.json')
  const { hdfs, spark } = existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')) : {}
  if (hdfs && spark) return { hdfs, spark }
  throw new Error('no cluster: run "npm run cluster -- up hdfs spark"')
}

export function connectHdfs({ http, user }) {
  const address = (path, query) => `${http}/webhdfs/v1${path}?user.name=${user}&${query}`
  return {
    remove: (path) => fetch(address(path, 'op=DELETE&recursive=true'), { method: 'DELETE' }),
    /** The bytes of the one file in a folder whose name ends so. */
    async read(folder, ending) {
      const { FileStatuses } = await (await fetch(address(folder, 'op=LISTSTATUS'))).json()
      const name = FileStatuses.FileStatus.map((file) => file.pathSuffix).find((one) => one.endsWith(ending))
      const answer = await fetch(address(`${folder}/${name}`, 'op=OPEN'))
      return Buffer.from(await answer.arrayBuffer())
    },
  }
}

export async function sumParquet(bytes, column, folder) {
  const file = join(folder, 'staged.parquet')
  writeFileSync(file, bytes)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const result = await connection.runAndReadAll(`SELECT sum(${column}) FROM read_parquet('${file}')`)
  return Number(result.getRows()[0][0])
}
