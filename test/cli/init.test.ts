/** `millrace init`: writes a definition that works at once, and never over another one. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { LINES, makeFolder, millrace } from './run-cli.ts'

const log = LINES.repeat(20)

it('writes a definition that the next commands accept', async () => {
  const cwd = makeFolder({ 'web.log': log })
  const { status, stdout, stderr } = await millrace(['init', 'web.log'], { cwd })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  expect(stderr).toContain('Next: millrace ingest web web.log')
  expect(readFileSync(join(cwd, 'millrace.yaml'), 'utf8')).toMatch(/^# yaml-language-server: \$schema=/)
  for (const args of [['check'], ['ingest', 'web', 'web.log'], ['batch']]) {
    expect(await millrace(args, { cwd })).toMatchObject({ status: 0 })
  }
})

it('gives what it wrote as JSON, to the file of --out, from gzip too', async () => {
  const cwd = makeFolder({ 'web.log.gz': gzipSync(log) })
  const { stdout } = await millrace(['init', 'web.log.gz', '--out', 'mine.yaml', '--json'], { cwd })
  expect(JSON.parse(stdout)).toMatchObject({
    file: 'mine.yaml',
    sources: ['web'],
    metrics: [expect.any(String)],
  })
})

it('never overwrites without --force', async () => {
  const cwd = makeFolder({ 'web.log': log, 'millrace.yaml': '# mine' })
  const { status, stderr } = await millrace(['init', 'web.log'], { cwd })
  expect(status).toBe(1)
  expect(stderr).toContain('Will not write ./millrace.yaml: it exists.')
  expect(readFileSync(join(cwd, 'millrace.yaml'), 'utf8')).toBe('# mine')
  expect(await millrace(['init', 'web.log', '--force'], { cwd })).toMatchObject({ status: 0 })
  expect(readFileSync(join(cwd, 'millrace.yaml'), 'utf8')).toContain('sources:')
})

it.each([
  ['empty.log', '', /empty\.log.*no lines/],
  ['bin', Buffer.from([0, 1, 2, 3]), /bin.*not text/],
  ['poem.txt', 'roses are red\nviolets are blue\n', /poem\.txt.*no date and time/],
])('writes nothing for %s', async (name, content, message) => {
  const cwd = makeFolder()
  writeFileSync(join(cwd, name), content)
  const { status, stdout, stderr } = await millrace(['init', name], { cwd })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(message)
  expect(() => readFileSync(join(cwd, 'millrace.yaml'))).toThrow()
})

it('names a file that cannot be read', async () => {
  const { status, stderr } = await millrace(['init', 'nowhere.log'], { cwd: makeFolder() })
  expect(status).toBe(1)
  expect(stderr).toContain('Cannot read nowhere.log: there is no such file')
})

it('says on stderr what it guessed, and leaves open what it cannot tell', async () => {
  const cwd = makeFolder()
  writeFileSync(join(cwd, 'auth-2019.log'), 'Jun 14 15:16:01 h su[1]: x\n')
  const guessed = await millrace(['init', 'auth-2019.log', '--out', 'a.yaml'], { cwd })
  expect(guessed).toMatchObject({ status: 0, stdout: '' })
  expect(guessed.stderr).toContain(
    "auth: The stamps carry no year, and the one in the file's name is a guess.\n",
  )
  expect(guessed.stderr).toContain('auth: The stamps carry no zone: UTC is a guess.')
  writeFileSync(join(cwd, 'sales.log'), '10/06/2013 10:00:00 x\n10/07/2013 10:00:00 x\n')
  const open = await millrace(['init', 'sales.log'], { cwd })
  expect(open).toMatchObject({ status: 1, stdout: '' })
  expect(open.stderr).toContain('sales: "10/06/2013 10:00:00" may be day or month first')
  expect(readFileSync(join(cwd, 'millrace.yaml'), 'utf8')).toContain('# The time cannot be told')
})
