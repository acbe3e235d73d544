/** `millrace ingest`: all lines of all files, or none. */
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DEFINITION, LINES, makeFolder, millrace, waitFor } from './run-cli.ts'

const files = { 'millrace.yaml': DEFINITION, 'web.log': LINES }

/** Lines that the archive of `web` holds, 0 when it has none. */
async function linesKept(cwd: string): Promise<number> {
  const { status, stdout } = await millrace(['batch', '--json'], { cwd })
  return status === 0 ? JSON.parse(stdout).ledger[0].appended : 0
}

it('gives the exact result as JSON and nothing else on stdout', async () => {
  const cwd = makeFolder(files)
  const { status, stdout, stderr } = await millrace(['ingest', 'web', 'web.log', '--json'], { cwd })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual({ source: 'web', lines: 6, bytes: LINES.length - 6, blocks: 1 })
})

it('says what was kept and what comes next', async () => {
  const { status, stdout, stderr } = await millrace(['ingest', 'web', 'web.log'], { cwd: makeFolder(files) })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  expect(stderr).toMatch(/^web: kept 6 lines \(\d+ B\) in 1 new block, .*\nNext: millrace batch\n$/)
})

it('reads several files, gzip and standard input', async () => {
  const cwd = makeFolder({ ...files, 'old.gz': gzipSync(`{"old":1}\n${LINES}`) })
  const { stdout } = await millrace(['ingest', 'web', 'web.log', 'old.gz', '-', '--json'], {
    cwd,
    stdin: `{"new":1}\n${LINES}`,
  })
  expect(JSON.parse(stdout).lines).toBe(20)
  expect(await linesKept(cwd)).toBe(20)
})

it('takes the years of stamps that carry none from --year, else from when a file was modified', async () => {
  const definition = DEFINITION.replace(/time: .*/, 'time: { field: ts, layout: rfc3164 }')
  const line = (ts: string) => `${JSON.stringify({ ts, path: '/' })}\n`
  const cwd = makeFolder({
    'millrace.yaml': definition,
    'told.log': line('Dec 31 23:00:00') + line('Jan  1 01:00:00'),
    'dated.log': line('Mar  1 10:00:00'),
    'usual.yaml': DEFINITION,
  })
  utimesSync(join(cwd, 'dated.log'), new Date(), new Date('2021-02-28T09:00:00Z'))
  expect(await millrace(['ingest', 'web', 'told.log', '--year', '2013'], { cwd })).toMatchObject({
    status: 0,
  })
  expect(await millrace(['ingest', 'web', 'dated.log'], { cwd })).toMatchObject({ status: 0 })
  expect(await millrace(['batch'], { cwd })).toMatchObject({ status: 0 })
  const { stdout } = await millrace(['query', 'http.requests', '--step', '1d', '--format', 'csv'], { cwd })
  expect(stdout.match(/^2\d{3}-\d\d-\d\d/gm)).toEqual(['2013-12-31', '2014-01-01', '2020-03-01'])
  const unused = await millrace(['--config', 'usual.yaml', 'ingest', 'web', 'dated.log', '--year', '2013'], {
    cwd,
  })
  expect(unused).toMatchObject({ status: 2, stdout: '' })
  expect(unused.stderr).toContain('the stamps of source web carry their own year')
})

it('adds nothing of an empty file', async () => {
  const cwd = makeFolder({ ...files, 'empty.log': '' })
  const { status, stdout } = await millrace(['ingest', 'web', 'empty.log', '--json'], { cwd })
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ source: 'web', lines: 0, bytes: 0, blocks: 0 })
})

it('takes only what is new of a file that has grown, under another name too, and none of it twice', async () => {
  const cwd = makeFolder(files)
  const ingest = (...args: string[]) => millrace(['ingest', 'web', ...args], { cwd })
  await ingest('web.log')
  expect(await ingest('web.log')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^millrace: web\.log holds nothing but lines that .* `--again`/),
  })
  writeFileSync(join(cwd, 'web.log.1'), `${LINES}{"new":1}\n{"half`)
  expect((await ingest('web.log.1')).stderr).toContain(
    'web.log.1 begins with 6 lines that were ingested before',
  )
  const grown = await ingest('web.log.1', '--continue', '--json')
  expect(JSON.parse(grown.stdout)).toMatchObject({
    lines: 1,
    known: [{ input: 'web.log.1', lines: 6, bytes: LINES.length }],
    left: [{ input: 'web.log.1', bytes: 6 }],
  })
  expect(grown.stderr).toMatch(/skipped its first 6 lines.*\n.*left its last line \(6 B\)/)
  expect((await ingest('web.log', '--again')).status).toBe(0)
  expect(await linesKept(cwd)).toBe(13)
})

it('keeps lines that no parser can read', async () => {
  const long = `{"x":"${'y'.repeat(100e6)}"}`
  const nasty = Buffer.concat([Buffer.from(`${long}\n`), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(LINES)])
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION, 'web.log': nasty })
  expect(await millrace(['ingest', 'web', 'web.log'], { cwd })).toMatchObject({ status: 0 })
  expect(await linesKept(cwd)).toBe(8)
  const { stdout } = await millrace(['rejects', 'web'], { cwd })
  expect(stdout).toMatch(/line_too_long .*\{"x":"yyy.*… \(100000008 bytes\)\n/)
  expect(stdout).toMatch(/invalid_utf8 .*\\xFF\\xFE\n/)
  expect(stdout.length).toBeLessThan(3000)
})

describe('refuses, with nothing added,', () => {
  const truncated = gzipSync(LINES.repeat(1000)).subarray(0, 300)
  const damaged = gzipSync(LINES.repeat(1000)).fill(0xff, 100, 200)
  it.each([
    ['a truncated gzip', 'bad.gz', truncated, /bad\.gz.*ends too early/],
    ['a damaged gzip', 'bad.gz', damaged, /bad\.gz.*damaged/],
    ['a binary file', 'bin', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1, 2]), /bin.*not a text file/],
    ['a file that is not there', 'other.log', undefined, /nowhere\.log.*no such file/],
  ])('%s', async (_what, name, content, message) => {
    const cwd = makeFolder(files)
    if (content) writeFileSync(join(cwd, name), content)
    const bad = content ? name : 'nowhere.log'
    const { status, stdout, stderr } = await millrace(['ingest', 'web', 'web.log', bad], { cwd })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toContain('Nothing was added')
    expect(await linesKept(cwd)).toBe(0)
  })

  it('a folder', async () => {
    const cwd = makeFolder(files)
    mkdirSync(join(cwd, 'logs'))
    const { status, stderr } = await millrace(['ingest', 'web', 'logs'], { cwd })
    expect(status).toBe(1)
    expect(stderr).toContain('it is a directory')
  })

  it.each([['web.log'], ['/dev/null/data']])('a data folder that cannot be written (%s)', async (data) => {
    const { status, stdout, stderr } = await millrace(['ingest', 'web', 'web.log', '--data', data], {
      cwd: makeFolder(files),
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^millrace: Cannot write to .*Nothing was added.*\n$/)
  })

  it('a csv file with another header', async () => {
    const cwd = makeFolder({
      'millrace.yaml': `sources: { s: { format: { csv: { columns: [time, a] } }, time: time, fields: { a: string } } }\n`,
      'a.csv': 'time,b\n2026-01-01T00:00:00Z,1\n',
    })
    const { status, stderr } = await millrace(['ingest', 's', 'a.csv'], { cwd })
    expect(status).toBe(1)
    expect(stderr).toContain('The file has "time,b"; the definition has "time,a".')
  })
})

it('keeps a second writer out and lets it in afterwards', async () => {
  const cwd = makeFolder(files)
  let first: ChildProcess | undefined
  const running = millrace(['ingest', 'web', '-'], {
    cwd,
    stdin: LINES,
    holdInput: true,
    onStart: (child) => (first = child),
  })
  const refused = await waitForRefusal(cwd)
  expect(refused).toContain(`process ${first?.pid}`)
  first?.stdin?.end()
  expect(await running).toMatchObject({ status: 0 })
  expect(await millrace(['ingest', 'web', 'web.log', '--again'], { cwd })).toMatchObject({ status: 0 })
})

/** The first process needs a moment to take the lock, and an ingest before that would simply succeed. */
async function waitForRefusal(cwd: string): Promise<string> {
  await waitForLock(cwd)
  const { status, stderr } = await millrace(['ingest', 'web', 'web.log'], { cwd })
  expect(status).toBe(1)
  return stderr
}

it('adds nothing after Ctrl-C and ends with status 130', async () => {
  const cwd = makeFolder(files)
  let child: ChildProcess | undefined
  const running = millrace(['ingest', 'web', '-'], {
    cwd,
    stdin: LINES,
    holdInput: true,
    onStart: (one) => (child = one),
  })
  await waitForLock(cwd)
  child?.kill('SIGINT')
  const { status, stdout, stderr } = await running
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' })
  expect(stderr).toContain('millrace: Stopped; nothing was changed.')
  expect(await linesKept(cwd)).toBe(0)
})

function waitForLock(cwd: string): Promise<true> {
  const lock = join(cwd, '.millrace/archive/web/lock')
  return waitFor(() => (existsSync(lock) && readdirSync(lock).length > 0 ? true : undefined), 'the lock')
}
