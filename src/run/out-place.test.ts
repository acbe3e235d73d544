/** What a command may write to: a file of the user, or a pipe or a device as it is. */
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findOutPlace } from './out-place.ts'

let root: string
const at = (...names: string[]) => join(root, ...names)
const find = (out: string) =>
  findOutPlace(out, { definition: at('millrace.yaml'), folders: [at('data'), at('mirror')] })

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-out-')))
  mkdirSync(at('data', 'archive'), { recursive: true })
  for (const name of ['millrace.yaml', 'data/report.duckdb', 'old.csv']) writeFileSync(at(name), name)
  symlinkSync(at('old.csv'), at('to-old.csv'))
  symlinkSync(at('data', 'report.duckdb'), at('to-report'))
  symlinkSync(at('data'), at('to-data'))
  symlinkSync(at('missing'), at('to-nothing'))
  execFileSync('mkfifo', [at('pipe')])
})
afterAll(() => rmSync(root, { recursive: true }))

it('takes the place of a file, also by a link', async () => {
  expect(await find(at('new.csv'))).toEqual({ path: at('new.csv'), isStream: false })
  expect(await find(at('to-old.csv'))).toEqual({ path: at('old.csv'), isStream: false })
  // A second name keeps the old content.
  linkSync(at('old.csv'), at('second.csv'))
  expect(await find(at('second.csv'))).toEqual({ path: at('second.csv'), isStream: false })
})

it('writes into pipes and devices as they are', async () => {
  for (const path of [at('pipe'), '/dev/null']) expect(await find(path)).toEqual({ path, isStream: true })
})

it.each([
  ['millrace.yaml', 'it is the definition'],
  ['data/report.duckdb', 'where Millrace keeps its data'],
  ['data/new.csv', 'where Millrace keeps its data'],
  ['to-report', 'where Millrace keeps its data'],
  ['to-data/new.csv', 'where Millrace keeps its data'],
  ['mirror/new.csv', 'where Millrace keeps its data'],
  ['data', 'it is a folder'],
  ['to-nothing', 'it is a link that leads nowhere'],
  ['old.csv/new.csv', 'a part of its path is a file, not a folder'],
])('refuses %s', async (name, why) => {
  await expect(find(at(name))).rejects.toMatchObject({
    code: 'CLI_OUT_REFUSED',
    message: expect.stringContaining(why),
  })
})
