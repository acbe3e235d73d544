/**
 * An archive of the classes that a Spark application loads, which the JVM maps into memory in place of reading some ten
 * thousand classes from 250 jars: an application starts in half the time (https://openjdk.org/jeps/310). It is of one JVM
 * and one Spark; others pass over it.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './run-program.mjs'
import { readSettings } from './settings.mjs'
import { readState } from './state-file.mjs'

/** What a batch does: reads Parquet, parses JSON, caches, groups, and writes both. */
const JOB = (folder) => `
INSERT OVERWRITE DIRECTORY '${folder}/lines' USING parquet
  SELECT id, CAST(concat('{"a":"', id, '","b":', id % 7, '}') AS BINARY) AS raw FROM range(1000);
CREATE TEMPORARY VIEW lines (id BIGINT, raw BINARY) USING parquet OPTIONS (path '${folder}/lines');
CACHE TABLE parsed AS SELECT id, item.a, item.b, md5(CAST(raw AS STRING)) AS k
  FROM (SELECT *, from_json(CAST(raw AS STRING), 'struct<a: STRING, b: BIGINT>') AS item FROM lines);
INSERT OVERWRITE DIRECTORY '${folder}/groups' USING parquet SELECT /*+ REPARTITION(1) */ * FROM
  (SELECT b, max(k) AS k, count(*) AS n, sum(CAST(id AS DECIMAL(38, 0))) AS s FROM parsed GROUP BY b) SORT BY b;
INSERT OVERWRITE DIRECTORY '${folder}/counts' USING json SELECT count(*) FILTER (WHERE a LIKE '%1') AS n FROM parsed;
UNCACHE TABLE parsed;
`

/** Makes the archive in the folder of the cluster, where tests look for it, unless it is there; they can do without. */
export function shareSparkClasses() {
  const { folder } = readSettings()
  const archive = join(folder, 'spark-classes.jsa')
  if (existsSync(archive)) return
  try {
    makeArchive(folder, archive)
  } catch (error) {
    console.log(`cluster: Spark will start more slowly: ${error.message}`)
  }
}

function makeArchive(folder, archive) {
  const { home, javaHome } = readState(folder).spark
  const scratch = join(folder, 'spark-classes')
  mkdirSync(scratch, { recursive: true })
  try {
    writeFileSync(join(scratch, 'job.sql'), JOB(scratch))
    const conf = {
      'spark.driver.extraJavaOptions': `-XX:ArchiveClassesAtExit=${scratch}/classes.jsa -XX:TieredStopAtLevel=1 -XX:+UseSerialGC`,
      'spark.driver.bindAddress': '127.0.0.1',
      'spark.ui.port': '0',
      'spark.sql.catalogImplementation': 'in-memory',
    }
    const confs = Object.entries(conf).flatMap(([name, value]) => ['--conf', `${name}=${value}`])
    runProgram(
      'the classes of Spark could not be archived',
      join(home, 'bin/spark-sql'),
      ['--master', 'local[2]', ...confs, '-f', join(scratch, 'job.sql')],
      {
        cwd: scratch,
        env: { ...process.env, JAVA_HOME: javaHome, SPARK_HOME: home, SPARK_LOCAL_IP: '127.0.0.1' },
      },
    )
    renameSync(join(scratch, 'classes.jsa'), archive)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
