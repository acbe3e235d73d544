/** The engines that a cluster can hold; another one is a file and a line here. */
import { flink } from './flink.mjs'
import { hdfs } from './hdfs.mjs'
import { kafka } from './kafka.mjs'
import { postgres } from './postgres.mjs'
import { spark } from './spark.mjs'

const engines = [kafka, hdfs, spark, flink, postgres]

export const engineNames = engines.map(({ name }) => name)

/** All when none is named. */
export function selectEngines(names) {
  const unknown = names.find((name) => !engineNames.includes(name))
  if (unknown !== undefined)
    throw new Error(`there is no engine ${unknown}; there are ${engineNames.join(', ')}`)
  return names.length === 0 ? engines : engines.filter(({ name }) => names.includes(name))
}
