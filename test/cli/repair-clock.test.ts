/** `millrace repair-clock`: from lines that an ingest stamped in 2040 to totals, and to lines that are taken again. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { makeFormat2 } from '../contract/older-report.ts'
import { bytesInput } from '../pipeline.ts'
import { DEFINITION, LINES, makeFolder, millrace } from './run-cli.ts'

it('says what it would change, changes it, and lets the source go on', async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION, 'a.log': `{"new":1}\n${LINES}` })
  const dataDir = join(cwd, '.millrace')
  const archive = new FilesArchive({ dataDir })
  const wrongMs = Date.UTC(2040, 0, 1)
  await archive.ingest('web', [bytesInput(Buffer.from(LINES))], { now: () => wrongMs })
  await archive.acknowledge('web')
  // Of an older version too, which took such a clock without a word.
  await (await openDuckdbReport(dataDir, 'write')).close()
  await makeFormat2(join(dataDir, 'report.duckdb'))

  const refused = await millrace(['ingest', 'web', 'a.log'], { cwd })
  expect(refused).toMatchObject({ status: 1, stdout: '' })
  expect(refused.stderr).toContain('2040-01-01T00:00:00Z, but the clock of this machine says 20')
  expect(refused.stderr).toContain('run `millrace repair-clock web`')

  const range = { fromOffset: 0, firstMs: wrongMs, lastMs: wrongMs }
  const dry = JSON.parse((await millrace(['repair-clock', 'web', '--dry-run', '--json'], { cwd })).stdout)
  expect(dry).toMatchObject({ source: 'web', ranges: [range], dryRun: true })
  expect((await archive.manifest('web'))!.clockRepairs).toBeUndefined()

  const observed = '2026-03-02T10:05:00Z'
  const { status, stdout, stderr } = await millrace(['repair-clock', 'web', '--observed', observed], { cwd })
  expect(status).toBe(0)
  expect(stderr).not.toContain('Waiting')
  const what = `stamped 2040-01-01T00:00:00Z; observed ${observed} instead.`
  expect(stdout).toMatch(
    new RegExp(`^web: \\d+ lines from offset 0, ${what}\nRevision 1: its totals were counted again`),
  )
  const repaired = await archive.manifest('web')
  expect(repaired).toMatchObject({
    firstObservedMs: Date.parse(observed),
    lastObservedMs: Date.parse(observed),
  })

  const taken = await millrace(['ingest', 'web', 'a.log'], { cwd })
  expect(taken.status).toBe(0)
})

it('refuses a range of offsets that holds no line, and counts nothing again', async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  const args = ['repair-clock', 'web', '--from-offset', '8', '--to-offset', '5']
  const { status, stderr } = await millrace(args, { cwd })
  expect([status, stderr]).toEqual([2, expect.stringContaining('--to-offset must come after --from-offset')])
})
