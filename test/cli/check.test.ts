/** `millrace check` and every other command's view of a definition with problems. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DEFINITION, makeComputed, makeFolder, millrace } from './run-cli.ts'

const BROKEN = DEFINITION.replace('status >= 500', 'sttus >= 500')
  .replace('error_rate: errors / requests', 'a: b / requests, b: a / requests')
  .replace('window: 1m', 'window: 7m')

it('says that a definition is valid', async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  const { status, stdout, stderr } = await millrace(['check'], { cwd })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  expect(stderr).toBe('./millrace.yaml is valid: 1 source, 1 metric.\n')
})

it('tells all problems at once with place and suggestion', async () => {
  const cwd = makeFolder({ 'millrace.yaml': BROKEN })
  const { status, stdout, stderr } = await millrace(['check'], { cwd })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain('Did you mean status?')
  expect(stderr).toMatch(/circle/)
  expect(stderr).toMatch(/millrace\.yaml:10:\d+ error/)
  expect(stderr).toContain('Nothing was done.')
  expect(stderr).not.toContain('    at ')
})

it('gives the problems as JSON on stdout', async () => {
  const cwd = makeFolder({ 'millrace.yaml': BROKEN })
  const { status, stdout, stderr } = await millrace(['check', '--json'], { cwd })
  expect({ status, stderr }).toEqual({ status: 2, stderr: '' })
  const answer = JSON.parse(stdout)
  expect(answer).toMatchObject({ valid: false, sources: [], metrics: [] })
  expect(answer.diagnostics.length).toBeGreaterThanOrEqual(3)
  for (const problem of answer.diagnostics) {
    expect(problem).toMatchObject({
      code: expect.any(String),
      message: expect.any(String),
      line: expect.any(Number),
    })
  }
})

it('gives names as JSON when all is well', async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  const { stdout } = await millrace(['check', '--json'], { cwd })
  expect(JSON.parse(stdout)).toEqual({
    valid: true,
    sources: ['web'],
    metrics: ['http.requests'],
    diagnostics: [],
    ...{ changes: [], renames: [], leftOut: { metrics: [], sources: [] } },
  })
})

it('tells what has changed since totals were computed, and what that costs', async () => {
  const cwd = await makeComputed()
  expect((await millrace(['check'], { cwd })).stderr).toBe('./millrace.yaml is valid: 1 source, 1 metric.\n')
  const changed = DEFINITION.replace('status >= 500', 'status >= 400')
  const added = `  all: { source: web, window: 1h, measures: { n: count() } }\n`
  writeFileSync(join(cwd, 'millrace.yaml'), `${changed}${added}`)
  const { status, stderr } = await millrace(['check'], { cwd })
  expect(status).toBe(0)
  expect(stderr).toContain('Metric http.requests has changed since its totals were computed; they stay')
  expect(stderr).toMatch(/`millrace backfill http\.requests` would read 6 lines \(\d+ B\) in 1 block: about /)
  expect(stderr).toContain('Metric all is new: the report has no totals of it.')
  const { changes } = JSON.parse((await millrace(['check', '--json'], { cwd })).stdout)
  expect(changes).toMatchObject([
    { metric: 'http.requests', kind: 'changed', cost: { lines: 6, blocks: 1 } },
    { metric: 'all', kind: 'new', cost: { lines: 6, blocks: 1 } },
  ])
  const refused = await millrace(['query', 'http.requests'], { cwd })
  const [, version = ''] = /--definition-version ([0-9a-f]+)/.exec(refused.stderr) ?? []
  const old = ['query', 'http.requests', '--definition-version', version, '--format', 'csv']
  expect((await millrace(old, { cwd })).stdout).toContain(',shop,')
})

it.each([
  [['ingest', 'web', 'web.log']],
  [['batch']],
  [['query', 'http.requests']],
  [['explain', 'http.requests']],
])('%j does nothing under a definition with problems', async (args) => {
  const cwd = makeFolder({ 'millrace.yaml': BROKEN, 'web.log': '{}\n' })
  const { status, stdout, stderr } = await millrace(args, { cwd })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain('Did you mean status?')
})

it('names a definition that is not there', async () => {
  const { status, stderr } = await millrace(['check'], { cwd: makeFolder() })
  expect(status).toBe(2)
  expect(stderr).toContain('Cannot read the definition ./millrace.yaml: there is no such file or folder.')
})

it('refuses a definition of a newer version', async () => {
  const cwd = makeFolder({ 'millrace.yaml': `version: 9\n${DEFINITION}` })
  const { status, stderr } = await millrace(['check'], { cwd })
  expect(status).toBe(2)
  expect(stderr).toMatch(/version/)
})

it.each([
  ['a window that does not divide a day', DEFINITION.replace('1m', '7m'), /day/],
  ['the same name twice', DEFINITION.replace('      errors:', '      requests:'), /twice/],
  ['a name with a quote', DEFINITION.replace('requests: count()', `"re'q": count()`), /cannot be used/],
  ['the name __proto__', DEFINITION.replace('requests: count()', '__proto__: count()'), /error/],
  ['SQL as a name', DEFINITION.replace('requests: count()', '"x; DROP TABLE y": count()'), /cannot be used/],
  [
    'a regex outside RE2',
    DEFINITION.replace("path <> '/health'", "regexp_matches(path, '(a)\\1')"),
    /regex|pattern|RE2/i,
  ],
  ['an empty file', '', /no definition|empty/i],
  ['a binary file', Buffer.from([0, 255, 1, 2]), /text/i],
])('refuses %s', async (_name, text, message) => {
  const { status, stderr } = await millrace(['check'], { cwd: makeFolder({ 'millrace.yaml': text }) })
  expect(stderr).toMatch(message)
  expect(status).toBe(2)
})
