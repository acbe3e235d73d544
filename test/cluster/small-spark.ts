/**
 * Settings of Spark for small data. Nearly all time goes into starting applications and planning many small statements:
 * few partitions and a compiler of the JVM that starts at once halve it, and archived classes (scripts/cluster/
 * share-classes.mjs) halve the start.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { clusterFolder } from './cluster-addresses.ts'

export function smallSpark(): Record<string, string> {
  const archive = join(clusterFolder(), 'spark-classes.jsa')
  const classes = existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : []
  return {
    'spark.sql.shuffle.partitions': '2',
    'spark.default.parallelism': '2',
    // In ms: how long HDFS's client waits for a replica that comes back, before it says that a block is damaged.
    'spark.hadoop.dfs.client.retry.window.base': '300',
    'spark.driver.extraJavaOptions': ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...classes].join(' '),
    'spark.executor.extraJavaOptions': ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...classes].join(' '),
  }
}
