/** Runs a script of SQL on a Spark master as Millrace does, and reads from the event log what a run cost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export async function runSparkScript({ spark, hdfs, folder, sql, conf, memory }) {
  const own = join(folder, 'rival')
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'job.sql'), sql)
  const all = {
    ...conf,
    'spark.sql.catalogImplementation': 'in-memory',
    'spark.sql.warehouse.dir': join(own, 'warehouse'),
    'spark.sql.ansi.doubleQuotedIdentifiers': 'true',
    'spark.sql.session.timeZone': 'UTC',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.ui.port': '0',
    ...{ 'spark.driver.memory': memory, 'spark.executor.memory': memory },
  }
  const args = Object.entries(all).flatMap(([key, value]) => ['--conf', `${key}=${value}`])
  const log = openSync(join(own, 'log.txt'), 'w')
  const child = spawn(
    join(spark.home, 'bin/spark-sql'),
    ['--master', spark.master, ...args, '-f', join(own, 'job.sql')],
    {
      cwd: own,
      env: { ...process.env, SPARK_LOCAL_IP: '127.0.0.1', HADOOP_USER_NAME: hdfs.user },
      stdio: ['ignore', log, log],
    },
  )
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(readFileSync(join(own, 'log.txt'), 'utf8').slice(-4000))
}

/**
 * `workMs`: from the first statement's start to the last one's end, `cpuMs`: CPU of all tasks; both of the one log in
 * `events`, which is moved to `kept`.
 */
export function readSparkEvents(events, kept) {
  const names = readdirSync(events).filter((name) => !name.startsWith('.'))
  if (names.length !== 1) throw new Error(`${names.length} event logs in place of one`)
  renameSync(join(events, names[0]), kept)
  const all = readFileSync(kept, 'utf8').trim().split('\n').map(JSON.parse)
  const of = (kind) => all.filter(({ Event }) => Event.endsWith(kind))
  const starts = of('SparkListenerSQLExecutionStart').map(({ time }) => time)
  const ends = of('SparkListenerSQLExecutionEnd').map(({ time }) => time)
  const cpu = of('SparkListenerTaskEnd').map((event) => event['Task Metrics']?.['Executor CPU Time'] ?? 0)
  return {
    workMs: Math.max(...ends) - Math.min(...starts),
    cpuMs: Math.round(cpu.reduce((sum, nanos) => sum + nanos, 0) / 1e6),
  }
}
