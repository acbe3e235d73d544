/** Wrong use: what is said, where, and the exit status. */
import { describe, expect, it } from 'vitest'
import { DEFINITION, makeFolder, millrace } from './run-cli.ts'

const cwd = makeFolder({ 'millrace.yaml': DEFINITION })

it('prints help on stdout with status 0', async () => {
  const { status, stdout, stderr } = await millrace(['--help'], { cwd })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  for (const name of 'init check ingest batch query rejects runs explain scrub export'.split(' ')) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  }
})

it('prints help on stderr with status 2 when no command is named', async () => {
  const { status, stdout, stderr } = await millrace([], { cwd })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain('Usage: millrace')
})

it('prints its version', async () => {
  expect(await millrace(['--version'], { cwd })).toMatchObject({ status: 0, stdout: '0.1.0\n' })
})

describe('wrong use ends with status 2 and one line', () => {
  it.each([
    [['ingst'], "Unknown command 'ingst'. Did you mean ingest?"],
    [['batch', '--form', '2026-01-01'], "Unknown option '--form'. Did you mean --from?"],
    [['ingest', 'web'], "Missing required argument 'file'."],
    [['batch', '--from', 'yesterday'], 'Write a time such as 2026-01-31'],
    [['batch', '--from', '2026-02-30'], 'Write a time such as 2026-01-31'],
    [['rejects', 'web', '--limit', '0'], 'Write a whole number above zero.'],
    [['rejects', 'web', '--limit', '-1'], 'Write a whole number above zero.'],
    [['query'], "Missing required argument 'metric'."],
    [['query', 'http.requests', '--format', 'xml'], 'Allowed choices are table, csv, json.'],
    [['export', 'http.requests', '--format', 'xml', '--out', 'x'], 'Allowed choices are csv, parquet.'],
    [['export', 'http.requests'], "Required option '--format <format>' not specified."],
    [['batch', 'extra'], 'Too many arguments'],
    [['ingest', 'wbe', 'web.log'], 'There is no source wbe in the definition. Did you mean web?'],
    [['batch', '--metric', 'http.request'], 'There is no metric http.request in the definition.'],
    [['explain', 'nothing.like.it'], 'It has: http.requests.'],
    [['query', 'http.request'], 'Did you mean http.requests?'],
    [['export', 'http.request', '--format', 'csv', '--out', 'x'], 'Did you mean http.requests?'],
    [['rejects', 'wbe'], 'There is no source wbe in the definition. Did you mean web?'],
    [['batch', '--from', '2026-01-01T00:00:30Z'], 'is not the start of a window of http.requests'],
    [['batch', '--from', '2026-01-02', '--to', '2026-01-01'], '--to must come after --from'],
  ])('%j', async (args, message) => {
    const { status, stdout, stderr } = await millrace(args, { cwd })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^millrace: [^\n]*\n$/)
  })
})

it('tells errors as one JSON line on stderr with --json', async () => {
  const { status, stdout, stderr } = await millrace(['--json', 'explain', 'x'], { cwd })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(JSON.parse(stderr)).toEqual({
    error: { code: 'CLI_UNKNOWN_METRIC', message: expect.stringContaining('no metric x') },
  })
})

it('tells wrong use as JSON too', async () => {
  const { stderr } = await millrace(['batch', '--nope', '--json'], { cwd })
  expect(JSON.parse(stderr).error.code).toBe('USAGE')
})

it('takes global options on either side of the command', async () => {
  const other = makeFolder({ 'other.yaml': DEFINITION })
  for (const args of [
    ['--config', 'other.yaml', 'check'],
    ['check', '--config', 'other.yaml'],
  ]) {
    expect(await millrace(args, { cwd: other })).toMatchObject({ status: 0 })
  }
})
