/** `millrace batch`: the record of a run, ranges, and what is left when it is stopped. */
import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openToOthers } from '../open-to-others.ts'
import { DEFINITION, LINES, makeComputed, makeFolder, millrace, waitFor } from './run-cli.ts'

it('gives the run record with a ledger that balances', async () => {
  const cwd = await makeComputed()
  const { status, stdout, stderr } = await millrace(['batch', '--json'], { cwd })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const record = JSON.parse(stdout)
  expect(record).toMatchObject({
    revision: 2,
    range: {},
    sources: [{ source: 'web', cut: 6, blocks: 1, linesRead: 6, rejected: 1 }],
    metrics: [{ metric: 'http.requests', rows: 3, version: expect.stringMatching(/^[0-9a-f]{16}$/) }],
    ledger: [
      { source: 'web', appended: 6, counted: 5, filtered: 0, rejected: 1 },
      { source: 'web', metric: 'http.requests', appended: 6, counted: 4, filtered: 1, rejected: 1 },
    ],
  })
  expect(record.fingerprint).toMatch(/^[0-9a-f]{64}$/)
  expect(openToOthers(join(cwd, '.millrace'))).toEqual([])
})

it('tells people what was read, counted and published', async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION, 'web.log': LINES })
  await millrace(['ingest', 'web', 'web.log'], { cwd })
  const { status, stdout, stderr } = await millrace(['batch'], { cwd })
  expect(status).toBe(0)
  expect(stdout).toMatch(/^web: 6 lines read from 1 block in .*, 1 rejected\n/)
  expect(stdout).toMatch(/http\.requests +6 +4 +1 +1 +0 +0 +3\n/)
  expect(stdout).toMatch(/Revision 1 published after .*\n$/)
  expect(stderr).toBe('Next: millrace query http.requests\n')
})

it('warns when most lines were rejected, and so does a query', async () => {
  const bad = `${LINES}${'no JSON\n'.repeat(10)}`
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION, 'web.log': bad })
  await millrace(['ingest', 'web', 'web.log'], { cwd })
  const warning = 'millrace: Warning: Most lines of web were rejected: 11 of 16, so the totals lack them. '
  for (const command of [
    ['batch', '--json'],
    ['query', 'http.requests'],
  ])
    expect(await millrace(command, { cwd })).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(warning),
    })
})

it('changes no total when it runs twice', async () => {
  const cwd = await makeComputed()
  const query = () => millrace(['query', 'http.requests', '--format', 'csv'], { cwd })
  const before = await query()
  expect(await millrace(['batch'], { cwd })).toMatchObject({ status: 0 })
  expect((await query()).stdout).toBe(before.stdout)
})

it('computes only the windows of a range', async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION, 'web.log': LINES })
  await millrace(['ingest', 'web', 'web.log'], { cwd })
  const from = '2026-03-02T10:01:00Z'
  const { stdout } = await millrace(['batch', '--from', from, '--json'], { cwd })
  const record = JSON.parse(stdout)
  expect(record.range).toEqual({ fromMs: Date.parse(from) })
  expect(record.ledger[1]).toMatchObject({ appended: 6, counted: 2, filtered: 0, rejected: 1, outside: 3 })
  const query = await millrace(['query', 'http.requests', '--format', 'csv', '--measures', 'requests'], {
    cwd,
  })
  expect(query.stdout).toBe(`window_start,service,requests\n${from},search,1\n${from},shop,1\n`)
  expect(query.stderr).toContain('only these ranges were computed')
})

it('computes only the metrics named', async () => {
  const more = `${DEFINITION}  other: { source: web, window: 1h, measures: { lines: count() } }\n`
  const cwd = makeFolder({ 'millrace.yaml': more, 'web.log': LINES })
  await millrace(['ingest', 'web', 'web.log'], { cwd })
  const { stdout } = await millrace(['batch', '--metric', 'other', '--json'], { cwd })
  expect(JSON.parse(stdout).metrics).toMatchObject([{ metric: 'other', rows: 1 }])
})

it('says so when nothing was ingested', async () => {
  const { status, stderr } = await millrace(['batch'], { cwd: makeFolder({ 'millrace.yaml': DEFINITION }) })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^millrace: There is nothing to compute: .* holds no lines of web/)
})

/** Enough lines that a run is still at work when it is looked at. */
async function makeLarge(): Promise<string> {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION, 'web.log': LINES.repeat(50_000) })
  await millrace(['ingest', 'web', 'web.log'], { cwd })
  return cwd
}

/** Starts a batch and resolves once its process holds the lock, with that process's id. */
async function startBatch(cwd: string) {
  let parent: ChildProcess | undefined
  const ended = millrace(['batch'], { cwd, onStart: (child) => (parent = child) })
  const lock = join(cwd, '.millrace/batch.lock')
  const entry = await waitFor(
    () => (existsSync(lock) ? readdirSync(lock)[0] : undefined),
    'the lock of the batch',
  )
  return { ended, parent: parent!, childPid: Number.parseInt(entry, 10) }
}

it('leaves the report as it was after Ctrl-C', async () => {
  const cwd = await makeLarge()
  const { ended, parent } = await startBatch(cwd)
  parent.kill('SIGINT')
  const { status, stdout, stderr } = await ended
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' })
  expect(stderr).toContain('millrace: Stopped; nothing was changed.')
  expect(await millrace(['runs'], { cwd })).toMatchObject({ status: 1 })
  expect(await millrace(['batch'], { cwd })).toMatchObject({ status: 0 })
})

it('keeps a second batch out', async () => {
  const cwd = await makeLarge()
  const { ended, childPid } = await startBatch(cwd)
  process.kill(childPid, 'SIGSTOP')
  const { status, stderr } = await millrace(['batch'], { cwd })
  process.kill(childPid, 'SIGCONT')
  expect(status).toBe(1)
  expect(stderr).toContain(`process ${childPid}`)
  expect(await ended).toMatchObject({ status: 0 })
})

it('ends its process when the command is killed, and the next run is whole', async () => {
  const cwd = await makeLarge()
  const { parent, childPid } = await startBatch(cwd)
  parent.kill('SIGKILL')
  await waitFor(() => (isAlive(childPid) ? undefined : true), 'the end of the batch process')
  const { status, stdout } = await millrace(['batch', '--json'], { cwd })
  expect(status).toBe(0)
  expect(JSON.parse(stdout).ledger[0]).toMatchObject({
    appended: 300_000,
    counted: 250_000,
    rejected: 50_000,
  })
})

it('tells when its process was killed', async () => {
  const cwd = await makeLarge()
  const { ended, childPid } = await startBatch(cwd)
  process.kill(childPid, 'SIGKILL')
  const { status, stderr } = await ended
  expect(status).toBe(1)
  expect(stderr).toContain('The batch process ended before it answered: it was killed by SIGKILL')
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
