/** What a server's watch makes of its log, archive and report, which are real: the facts of health. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { buildPlans } from '../../src/compile/build-plan.ts'
import { judgeHealth } from '../../src/core/health.ts'
import { checkText } from '../../src/define/load-definition.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import type { Report } from '../../src/ports/report.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { HealthWatch } from '../../src/run/health-watch.ts'
import { sha256 } from '../pipeline.ts'

const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms } }
  idle: { format: json, time: { field: ts, layout: epoch_ms } }
metrics:
  requests: { source: web, window: 1s, measures: { n: count() } }
`
const LIMITS = { freshnessMs: 60_000, archiveMs: 60_000 }

const plans = buildPlans(checkText(DEFINITION, 'millrace.yaml').definition!, sha256)

let dataDir: string
let log: FilesLog
let archive: FilesArchive
let report: Report
let watch: HealthWatch
let nowMs = 0

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-health-'))
  nowMs = Date.UTC(2026, 2, 2)
  const clocks = { now: () => nowMs, steady: () => nowMs }
  archive = new FilesArchive({ dataDir })
  const firstOffset = async (source: string) => (await archive.manifest(source))?.nextOffset ?? 0
  log = await FilesLog.open({ dataDir, firstOffset, clocks, segmentBytes: 1 })
  report = await openDuckdbReport(dataDir, 'write')
  watch = new HealthWatch({ log, archive, report, now: () => nowMs })
  watch.serve(plans)
})
afterEach(async () => {
  await report.close()
  await log.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function post(lines: number): Promise<void> {
  await log.append('web', { chunks: [Buffer.from('{}\n'.repeat(lines))], lines })
}

/** At the present moment. */
async function judged() {
  await watch.look()
  const { faults, sources } = judgeHealth(watch.facts(), LIMITS, nowMs)
  return { codes: faults.map(({ code }) => code), web: sources.find(({ source }) => source === 'web')! }
}

it('knows of no fault before the first line', async () => {
  expect((await judged()).codes).toEqual([])
})

it('counts the age of the oldest line that no metric has, and of the oldest that the archive lacks', async () => {
  await post(2)
  nowMs += 5000
  await post(3)
  nowMs += 5000
  expect((await judged()).web).toMatchObject({ uncountedLines: 5, uncountedMs: 10_000, unarchivedMs: 10_000 })
  watch.streamed('web', 2)
  expect((await judged()).web).toMatchObject({ uncountedLines: 3, uncountedMs: 5000, unarchivedMs: 10_000 })
  nowMs += 60_000
  expect((await judged()).codes).toEqual(['LINES_WAIT', 'ARCHIVE_BEHIND'])
  watch.streamed('web', 5)
  const { endOffset } = await archiveLog({ log, archive, passed: async () => 0 }, 'web', { isUrgent: true })
  watch.archived('web', endOffset)
  expect(await judged()).toMatchObject({ codes: [], web: { uncountedMs: 0, unarchivedLines: 0 } })
})

it('asks the report for what a stream that cannot begin has counted', async () => {
  await post(2)
  watch.streamFailed('web', new Error('no room'))
  expect(await judged()).toMatchObject({ codes: ['STREAM_FAILED'], web: { uncountedLines: 2 } })
  watch.streamed('web', 2)
  expect((await judged()).codes).toEqual([])
})

it('asks the archive of a source without a log, and says why it does not answer', async () => {
  await archive.ingest('web', [
    {
      name: 'x',
      open: async function* () {
        yield Buffer.from('{}\n')
      },
    },
  ])
  expect((await judged()).web).toMatchObject({ uncountedLines: 1 })
  writeFileSync(join(dataDir, 'archive/web/manifest.json'), '')
  writeFileSync(join(dataDir, 'archive/web/manifest.copy.json'), '')
  expect((await judged()).codes).toEqual([])
  nowMs += 5000
  const { codes, web } = await judged()
  expect(codes).toEqual(['ARCHIVE_FAILED'])
  expect(web.faults[0]!.message).toMatch(/^The archive of web cannot be asked: .*manifest.json/)
})

it('says what an archive is waited for, until that is over', async () => {
  await post(1)
  watch.streamed('web', 1)
  watch.archiveWaits({ code: 'ARCHIVE_SAFE_MODE', message: 'Waiting: safe mode.' })
  expect((await judged()).web.faults[0]).toMatchObject({
    code: 'ARCHIVE_FAILED',
    cause: 'Waiting: safe mode.',
  })
  watch.archiveWaits(undefined)
  expect((await judged()).codes).toEqual([])
  watch.archiveFailed('web', new Error('still in safe mode'))
  expect((await judged()).codes).toEqual(['ARCHIVE_FAILED'])
  watch.archived('web', 0)
  watch.restated(new Error('no'))
  watch.batched(new Error('no'))
  expect((await judged()).codes).toEqual(['RESTATE_FAILED', 'BATCH_FAILED'])
  watch.restated()
  watch.batched()
  expect((await judged()).codes).toEqual([])
})

it('takes no line for missing that the archive holds, before it has asked and after', async () => {
  await post(3)
  const { endOffset } = await archiveLog({ log, archive, passed: async () => 0 }, 'web', { isUrgent: true })
  await post(2)
  await log.trim('web', endOffset)
  watch.streamed('web', 5)
  expect(judgeHealth(watch.facts(), LIMITS, nowMs).faults).toEqual([])
  expect((await judged()).web).toMatchObject({ faults: [], unarchivedLines: 2 })
  rmSync(join(dataDir, 'archive'), { recursive: true })
  watch = new HealthWatch({ log, archive, report, now: () => nowMs })
  watch.serve(plans)
  expect((await judged()).codes).toEqual(['LOG_LINES_MISSING'])
})
