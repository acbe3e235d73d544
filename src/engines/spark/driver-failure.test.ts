import { expect, it } from 'vitest'
import type { BatchRequest } from '../../ports/batch-engine.ts'
import { driverFailure, findCause } from './driver-failure.ts'

const location = 'hdfs://127.0.0.1:9000/a%20b/web/blocks/0-10.parquet'
const request = {
  plan: { source: 'web' },
  blocks: [{ location, name: '0-10.parquet', lines: 10, rawBytes: 1 }],
} as unknown as BatchRequest

function failureOf(log: string, outcome: number | string = 1) {
  const master = 'spark://host:7077'
  return driverFailure({ log, logPath: '/data/logs/spark-1.log', outcome, requests: [request], master })
}

const READ =
  '[FAILED_READ_FILE.NO_HINT] Encountered error while reading file hdfs://127.0.0.1:9000/a%20b/web/blocks/0-10.parquet.  SQLSTATE: KD001'

it.each([
  ['BATCH_DISK_FULL', 'Job aborted due to x\nCaused by: java.io.IOException: No space left on device'],
  ['BATCH_SUM_OVERFLOW', '[ARITHMETIC_OVERFLOW] Overflow in sum of decimals. SQLSTATE: 22003'],
  ['BATCH_OUT_OF_MEMORY', 'Job aborted due to stage failure: java.lang.OutOfMemoryError: Java heap space'],
  ['BATCH_OUT_OF_MEMORY', `${READ}\nCaused by: java.lang.OutOfMemoryError: Java heap space`],
  [
    'BATCH_STORAGE_REFUSED',
    'Caused by: org.apache.hadoop.security.AccessControlException: Permission denied: user=bob, access=WRITE',
  ],
  ['BATCH_STORAGE_REFUSED', `${READ}\nCaused by: java.net.ConnectException: Connection refused`],
  [
    'BATCH_MASTER_UNREACHABLE',
    'Application has been killed. Reason: All masters are unresponsive! Giving up.',
  ],
  ['BATCH_ENGINE_FAILED', '[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601'],
])('tells %s', (code, log) => {
  const error = failureOf(log)
  expect(error.code).toBe(code)
  expect(error.message).toContain('/data/logs/spark-1.log')
  expect(error.message).not.toMatch(/\{\w+\}/)
})

it('names the block that cannot be read, and why', () => {
  const error = failureOf(`${READ}\nCaused by: java.lang.RuntimeException: footer is too large`)
  expect(error.code).toBe('ARCHIVE_CORRUPT_BLOCK')
  expect(error.params).toMatchObject({ block: '0-10.parquet', source: 'web', path: location })
  expect(error.message).toContain('footer is too large')
})

it('takes a file that is no block of the archive for no block', () => {
  expect(failureOf(READ.replace('web/blocks', 'other')).code).toBe('BATCH_ENGINE_FAILED')
})

it('looks for the reason why executors were lost before the job ended', () => {
  const end =
    'Job aborted due to stage failure: ExecutorLostFailure (executor 1 exited caused by one of the running tasks) Reason: '
  expect(
    failureOf(`Lost executor 0: Command exited with code 52\n${end}Command exited with code 52`).code,
  ).toBe('BATCH_OUT_OF_MEMORY')
  expect(failureOf(`${end}Worker shutting down`).code).toBe('BATCH_ENGINE_LOST')
})

it('does not blame a fault that was overcome', () => {
  const log = `WARN Lost task: java.lang.OutOfMemoryError: Java heap space\n[ARITHMETIC_OVERFLOW] Overflow. SQLSTATE: 22003`
  expect(failureOf(log).code).toBe('BATCH_SUM_OVERFLOW')
})

it('passes over the text of the statement that failed', () => {
  const log = `26/11/23 17:46:34 ERROR SparkSQLDriver: Failed in [SELECT 'Permission denied']\n[UNRESOLVED_COLUMN] No column. SQLSTATE: 42703\n`
  expect(failureOf(log).code).toBe('BATCH_ENGINE_FAILED')
  expect(failureOf(log).message).toContain('No column')
})

it('tells of a driver that was killed', () => {
  const error = failureOf('Spark Web UI available at http://127.0.0.1:1\n', 'SIGKILL')
  expect(error.code).toBe('BATCH_ENGINE_LOST')
  expect(error.message).toContain('killed by SIGKILL')
})

it('leaves out which task of which stage failed', () => {
  const task =
    'Task 1 in stage 0.0 failed 1 times, most recent failure: Lost task 1.0 in stage 0.0 (TID 1) (localhost executor driver)'
  expect(
    findCause(`Job aborted due to stage failure: ${task}: java.lang.OutOfMemoryError: Java heap space`),
  ).toBe('java.lang.OutOfMemoryError: Java heap space')
})

it('gives the deepest cause, or what says more about it', () => {
  const causes = (...texts: string[]) => findCause(texts.map((text) => `Caused by: ${text}`).join('\n'))
  expect(causes('a.B: outer', 'c.D: inner')).toBe('c.D: inner')
  expect(
    causes(
      'x.Outer: failed',
      'java.net.ConnectException: Call From a to b:1 failed: java.net.ConnectException: Connection refused; For more details see:  http://wiki',
      'java.net.ConnectException: Connection refused',
    ),
  ).toBe(
    'java.net.ConnectException: Call From a to b:1 failed: java.net.ConnectException: Connection refused',
  )
  expect(causes('a.B: real', 'java.lang.IllegalStateException: Shutdown in progress, x')).toBe('a.B: real')
})
