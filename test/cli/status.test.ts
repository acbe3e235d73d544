/** `millrace status`: what is kept, how far the totals are, which role is away. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFINITION, LINES, makeComputed, makeFolder, millrace } from './run-cli.ts'

async function statusOf(cwd: string) {
  const { status, stdout, stderr } = await millrace(['status', '--json'], { cwd })
  return { status, stderr, found: JSON.parse(stdout) }
}

describe('status', () => {
  it('says what to do first when there is nothing', async () => {
    const cwd = makeFolder({ 'millrace.yaml': DEFINITION })
    const { status, stdout, stderr } = await millrace(['status'], { cwd })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('No raw lines yet. Next: millrace ingest SOURCE FILE…')
    expect(stdout).toContain('none yet; run `millrace batch`')
    expect(stdout).toContain('No batch run was published yet. Next: millrace batch')
  })

  it('shows lines, totals and the last run', async () => {
    const cwd = await makeComputed()
    const { stdout } = await millrace(['status'], { cwd })
    const second = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
    expect(stdout).toMatch(
      new RegExp(
        `\\nweb +6 +1 +\\d+ B +[\\d.]+ k?B +${second} +${second} +2026-03-02T10:00:00Z +2026-03-02T10:02:00Z\\n`,
      ),
    )
    expect(stdout).toContain('\nBatch: in a process of its own\n')
    expect(stdout).toMatch(
      /\nhttp.requests +1 +2026-03-02T10:00:00Z +2026-03-02T10:01:00Z +all +up to date\n/,
    )
    expect(stdout).toMatch(/\nLast run: revision 1 of .* by duckdb, 6 lines, 1 rejected, took [\d.]+ s\.\n/)
    expect(stdout).toMatch(
      /\nData folder: .*\.millrace, [\d.]+ [MGT]B of [\d.]+ [MGT]B free on its drive\.\nTime zones: IANA database 20\d\d[a-z]\.\n$/,
    )
  })

  it('counts the lines that came later, and knows a changed definition', async () => {
    const cwd = await makeComputed()
    writeFileSync(join(cwd, 'more.log'), `${LINES.split('\n').slice(0, 2).join('\n')}\n`)
    await millrace(['ingest', 'web', 'more.log'], { cwd })
    expect((await statusOf(cwd)).found.report.metrics).toMatchObject([{ state: 'behind', linesBehind: 2 }])
    writeFileSync(join(cwd, 'millrace.yaml'), DEFINITION.replace('>= 500', '>= 400'))
    expect((await statusOf(cwd)).found.report.metrics).toMatchObject([{ state: 'changed', revision: 1 }])
  })

  it('knows totals of another archive, and lines of a source that is gone', async () => {
    const cwd = await makeComputed()
    rmSync(join(cwd, '.millrace/archive'), { recursive: true })
    await millrace(['ingest', 'web', 'web.log'], { cwd })
    const renamed = DEFINITION.replaceAll('web', 'site')
    expect((await statusOf(cwd)).found.report.metrics).toMatchObject([{ state: 'other archive' }])
    writeFileSync(join(cwd, 'millrace.yaml'), renamed)
    expect((await statusOf(cwd)).found.archive.sources).toMatchObject([{ source: 'web', isDefined: false }])
  })

  it('shows the rest when a role is away, and ends with status 1', async () => {
    const cwd = await makeComputed()
    appendFileSync(join(cwd, 'millrace.yaml'), 'archive: { hdfs: "http://127.0.0.1:1" }\n')
    const { status, found } = await statusOf(cwd)
    expect(status).toBe(1)
    expect(found.archive.failure).toMatchObject({ code: 'ARCHIVE_UNREACHABLE' })
    expect(found.report.metrics).toMatchObject([{ state: 'unknown', revision: 1 }])
    const { stdout } = await millrace(['status'], { cwd })
    expect(stdout).toContain('cannot be asked: ')
  })

  it('says that Spark is away, and shows the rest', async () => {
    const cwd = await makeComputed()
    appendFileSync(join(cwd, 'millrace.yaml'), 'batch: { spark: "spark://127.0.0.1:1" }\n')
    const { status, found } = await statusOf(cwd)
    expect(status).toBe(1)
    expect(found.batch).toMatchObject({ failure: { code: 'BATCH_MASTER_UNREACHABLE' } })
    expect(found.report.metrics).toMatchObject([{ state: 'current' }])
    expect(found.disk.freeBytes).toBeLessThan(found.disk.sizeBytes)
    expect(found.timeZones).toEqual({ release: expect.stringMatching(/^20\d\d[a-z]$/) })
    const { stdout } = await millrace(['status'], { cwd })
    expect(stdout).toContain('Batch: spark at spark://127.0.0.1:1\n  cannot be asked: ')
  })

  it('keeps when the first and the last line were observed', async () => {
    const before = Date.now()
    const cwd = await makeComputed()
    const first = (await statusOf(cwd)).found.archive.sources[0]
    expect(first.firstObservedMs).toBeGreaterThanOrEqual(before)
    expect(first.lastObservedMs).toBeGreaterThanOrEqual(first.firstObservedMs)
    writeFileSync(join(cwd, 'more.log'), `${LINES.split('\n')[0]}\n`)
    await millrace(['ingest', 'web', 'more.log'], { cwd })
    const second = (await statusOf(cwd)).found.archive.sources[0]
    expect(second.firstObservedMs).toBe(first.firstObservedMs)
    expect(second.lastObservedMs).toBeGreaterThan(first.lastObservedMs)
  })

  it('does not wait for a role that never answers', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const cwd = await makeComputed()
    appendFileSync(
      join(cwd, 'millrace.yaml'),
      `archive: { hdfs: "http://127.0.0.1:${port}" }\nbatch: { spark: "spark://127.0.0.1:${port}", page: "http://127.0.0.1:${port}" }
report: { postgres: "postgres://me@127.0.0.1:${port}/metrics" }\n`,
    )
    const { status, found } = await statusOf(cwd)
    silent.close()
    expect(status).toBe(1)
    expect(found.archive.failure.code).toMatch(/^(ARCHIVE_UNREACHABLE|STATUS_NO_ANSWER)$/)
    expect(found.report.failure.code).toMatch(/^(REPORT_UNREACHABLE|STATUS_NO_ANSWER)$/)
    expect(found.batch.failure.code).toBe('BATCH_MASTER_SILENT')
    expect(found.disk.freeBytes).toBeGreaterThan(0)
  }, 60_000)

  it('names a report without its password', async () => {
    const cwd = makeFolder({
      'millrace.yaml': `${DEFINITION}report: { postgres: "postgres://me:secret@127.0.0.1:1/metrics" }\n`,
    })
    const { status, stdout } = await millrace(['status'], { cwd })
    expect(status).toBe(1)
    expect(stdout).toContain('Report: postgres://me@127.0.0.1:1/metrics\n')
    expect(stdout).not.toContain('secret')
  })
})
