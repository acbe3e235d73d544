/** Runs statements by one spark-sql on this machine, whose output is given line by line. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { sparkConf } from '../../src/engines/spark/dialect.ts'
import { findSparkSql } from '../../src/engines/spark/find-spark.ts'
import { smallSources } from './local-spark.ts'

/** Throws with the end of what Spark said when a statement fails. */
export function runSparkSql(statements: readonly string[], folder: string): string[] {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'probe.sql')
  const [out, log] = [join(folder, 'out.txt'), join(folder, 'log.txt')]
  writeFileSync(file, statements.map((statement) => `${statement};\n`).join(''))
  const confs = {
    'spark.ui.enabled': 'false',
    'spark.sql.catalogImplementation': 'in-memory',
    'spark.sql.warehouse.dir': join(folder, 'warehouse'),
    'spark.local.dir': folder,
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.memory': '2g',
    ...smallSources(),
    ...sparkConf,
  }
  const args = Object.entries(confs).flatMap(([key, value]) => ['--conf', `${key}=${value}`])
  const run = spawnSync(sparkSql(), ['--master', 'local[2]', ...args, '-f', file], {
    cwd: folder,
    env: { ...process.env, SPARK_LOCAL_IP: '127.0.0.1' },
    stdio: ['ignore', openSync(out, 'w'), openSync(log, 'w')],
  })
  if (run.status !== 0) {
    const errors = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => !/^\s+at |WARN|^Time taken/.test(line))
    throw new Error(errors.slice(-40).join('\n').slice(-6000))
  }
  return readFileSync(out, 'utf8').split('\n')
}

/** Of SPARK_HOME, else where `npm run test:cluster` keeps the engines. */
function sparkSql(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace', 'engines')
  return findSparkSql(process.env.SPARK_HOME ?? join(cache, 'spark-4.1.4'))
}
