import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DriverWatch, FileTail } from './watch-driver.ts'

const STARTED =
  'Spark Web UI available at http://127.0.0.1:39851\nSpark master: spark://h:7077, Application Id: app-1-0000\n'
const STARVING = 'WARN TaskSchedulerImpl: Initial job has not accepted any resources; check your cluster UI\n'
const NO_MASTER =
  'WARN StandaloneAppClient$ClientEndpoint: Failed to connect to master h:7077\nCaused by: java.io.IOException: x\n'

it('finds the pages when both lines were heard', () => {
  const watch = new DriverWatch('spark://h:7077', 1000)
  expect(watch.hear(STARTED.slice(0, 60), 0)).toEqual({})
  expect(watch.hear(STARTED.slice(60), 1)).toEqual({
    pages: { url: 'http://127.0.0.1:39851', application: 'app-1-0000' },
  })
})

it('gives up when nobody gave an executor for as long as it has patience', () => {
  const watch = new DriverWatch('spark://h:7077', 30_000)
  expect(watch.hear(STARVING, 0).hopeless).toBeUndefined()
  expect(watch.hear(STARVING, 15_000).hopeless).toBeUndefined()
  expect(watch.hear(STARVING, 30_000).hopeless?.code).toBe('BATCH_NO_RESOURCES')
})

it('goes on when the complaints end', () => {
  const watch = new DriverWatch('spark://h:7077', 30_000)
  watch.hear(STARVING, 0)
  watch.hear(STARVING, 15_000)
  for (let now = 16_000; now < 100_000; now += 1000)
    expect(watch.hear('', now).hopeless?.code).toBe(
      now >= 30_000 && now <= 40_000 ? 'BATCH_NO_RESOURCES' : undefined,
    )
})

it('gives up on a master that fails twice, but not on one of several', () => {
  const watch = new DriverWatch('spark://h:7077', 1000)
  expect(watch.hear(NO_MASTER, 0).hopeless).toBeUndefined()
  expect(watch.hear(NO_MASTER, 20_000).hopeless).toEqual({
    code: 'BATCH_MASTER_UNREACHABLE',
    why: 'java.io.IOException: x',
  })
  expect(new DriverWatch('spark://a:1,b:2', 1000).hear(NO_MASTER + NO_MASTER, 0).hopeless).toBeUndefined()
})

it('tells a web page from a master', () => {
  const log = NO_MASTER.replace(
    'java.io.IOException: x',
    'java.lang.IllegalArgumentException: Too large frame: 52',
  )
  expect(new DriverWatch('spark://h:1', 1).hear(log + log, 0).hopeless?.why).toContain('web page')
})

it('reads what was added to a file, and nothing of one that is not there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tail-'))
  const path = join(folder, 'log')
  const tail = new FileTail(path)
  expect(await tail.read()).toBe('')
  appendFileSync(path, 'one\n')
  expect(await tail.read()).toBe('one\n')
  appendFileSync(path, 'two\n')
  expect(await tail.read()).toBe('two\n')
  expect(await tail.read()).toBe('')
  rmSync(folder, { recursive: true })
})
