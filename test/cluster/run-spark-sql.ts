/** Runs statements by one spark-sql on this machine, whose output is given line by line. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { driverArguments, driverEnvironment } from '../../src/engines/spark/driver-arguments.ts'
import { findSparkSql } from '../../src/engines/spark/find-spark.ts'
import { sparkHome } from './local-spark.ts'
import { smallSpark } from './small-spark.ts'

/** Throws with the end of what Spark said when a statement fails. */
export function runSparkSql(statements: readonly string[], folder: string): string[] {
  for (const name of ['', 'tmp', 'scratch']) mkdirSync(join(folder, name), { recursive: true })
  const file = join(folder, 'probe.sql')
  const [out, log] = [join(folder, 'out.txt'), join(folder, 'log.txt')]
  writeFileSync(file, statements.map((statement) => `${statement};\n`).join(''))
  const settings = {
    master: 'local[2]',
    memory: '2g',
    conf: { ...smallSpark(), 'spark.ui.enabled': 'false' },
  }
  const run = spawnSync(
    findSparkSql(sparkHome()),
    driverArguments(settings, { name: 'probes', folder, job: file }),
    {
      cwd: folder,
      env: driverEnvironment(settings, folder, process.env),
      stdio: ['ignore', openSync(out, 'w'), openSync(log, 'w')],
    },
  )
  if (run.status !== 0) {
    const errors = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => !/^\s+at |WARN|^Time taken/.test(line))
    throw new Error(errors.slice(-40).join('\n').slice(-6000))
  }
  return readFileSync(out, 'utf8').split('\n')
}
