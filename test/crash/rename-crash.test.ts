/** A rename that is cut off at each of its moments: the next start finishes it, or all still has the old name. */
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Disk, realDisk } from '../../src/archive/disk.ts'
import { RenameJournal } from '../../src/archive/rename-journal.ts'
import { metricVersion } from '../../src/compile/metric-version.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { FilesLog, logFolders } from '../../src/engines/files/log.ts'
import { NamedLogs } from '../../src/log/named-logs.ts'
import { renameSources, type SourceRename, waitingRenames } from '../../src/run/rename-sources.ts'
import { inputOf, textsOf } from '../contract/archive-lines.ts'
import { randomGroups, seeded } from '../contract/random-groups.ts'
import { makePlan, stage } from '../contract/report-fixture.ts'
import { rowsOf, wholeQuery } from '../contract/whole-query.ts'
import { turnOf } from '../turn.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const planOf = (source: string) => {
  const plan = { ...makePlan(), source }
  return { ...plan, version: metricVersion(plan.meaning, source, sha256) }
}
const KEYED = {
  chunks: [Buffer.from('three\nfour\n')],
  lines: 2,
  idempotency: { scope: '', key: 'k', digest: createHash('sha256').update('k').digest() },
}
/** Each commit runs a share of the moments. */
const TURNS = 5
const FIRST = turnOf(TURNS) ?? 0
const EACH = turnOf(TURNS) === undefined ? 1 : TURNS
/** Ends the life of a process after so many acts: whatever it does then does not happen. */
class CutOff extends Error {}
let root: string
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'millrace-rename-crash-'))
  const { archive, openLog } = open('made')
  await archive.ingest('web', [inputOf('a', 'one\ntwo\n')])
  await archive.ingest('other', [inputOf('b', 'five\n')])
  const log = await openLog()
  await log.append('web', KEYED)
  await log.close()
  const report = await openDuckdbReport(join(root, 'made/data'), 'write')
  await report.publish(await stage(join(root, 'made/data'), planOf('web'), randomGroups(seeded(5), 9)))
  await report.close()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function open(name: string, acts = Number.POSITIVE_INFINITY) {
  const [dataDir, mirror] = [join(root, name, 'data'), join(root, name, 'mirror')]
  let left = acts
  const act = async <T>(task: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) throw new CutOff()
    return task()
  }
  const disk = Object.fromEntries(
    Object.entries(realDisk).map(([method, run]) => [
      method,
      (...args: never[]) => act(() => (run as (...args: never[]) => Promise<void>)(...args)),
    ]),
  ) as unknown as Disk
  const archive = new FilesArchive({ dataDir, mirror, disk })
  const logs = new NamedLogs(
    dataDir,
    { logs: [logFolders(dataDir)], keepsTopic: async () => false, renameJob: async () => undefined },
    disk,
  )
  const firstOffset = async (source: string) => (await archive.manifest(source))?.nextOffset ?? 0
  return {
    ...{ archive, logs, journal: new RenameJournal(dataDir, disk) },
    openLog: () => FilesLog.open({ dataDir, firstOffset }),
    openReport: async () => {
      const report = await openDuckdbReport(dataDir, 'write')
      const renameSource = async (from: string, to: string) => {
        await act(async () => undefined)
        await report.renameSource(from, to)
        await act(async () => undefined)
      }
      return { renameSource, close: () => report.close() }
    },
  }
}

async function start(place: ReturnType<typeof open>, asked: readonly SourceRename[]): Promise<void> {
  const waiting = await waitingRenames(asked, place.journal, place)
  if (waiting.length > 0) await renameSources(waiting, place)
}

/** All that there is of a source: lines, whether the key is known and the offsets of its batch, and the totals. */
async function stateOf(name: string, source: string) {
  const { archive, logs, openLog } = open(name)
  const archived = await textsOf(archive, source)
  const end = await logs.end(source)
  const isLogged = end > 0
  const log = await openLog()
  const { observedMs: _, ...appended } = isLogged ? await log.append(source, KEYED) : { observedMs: 0 }
  await log.close()
  const report = await openDuckdbReport(join(root, name, 'data'), 'read')
  const held = await report.heldMetrics()
  const totals = rowsOf(await report.query(wholeQuery(planOf(source))))
  await report.close()
  return { archived, end, appended, held: held.filter((one) => one.source === source).length, totals }
}

it('ends in the old name or the new one, with all of it', async () => {
  const asked = [{ from: 'web', to: 'site' }]
  const whole = await stateOf('made', 'web')
  expect(whole).toMatchObject({ archived: ['one', 'two'], end: 4, held: 1, appended: { isDuplicate: true } })
  expect(whole.totals.length).toBeGreaterThan(3)
  const nothing = await stateOf('made', 'site')
  const names = new Set<string>()
  for (let acts = FIRST; ; acts += EACH) {
    const name = `cut-${acts}`
    cpSync(join(root, 'made'), join(root, name), { recursive: true })
    const cut = await start(open(name, acts), asked).then(
      () => false,
      (error: unknown) => {
        if (error instanceof CutOff) return true
        throw error
      },
    )
    // By turns the definition asks for it still, or says nothing of the old name any more.
    await start(open(name), acts % 2 === 0 ? asked : [])
    const { archive, journal } = open(name)
    const present = (await archive.manifest('site')) ? 'site' : 'web'
    names.add(`${acts % 2 === 0 ? 'asked' : 'not asked'}: ${present}`)
    expect(await stateOf(name, present), name).toEqual(whole)
    expect(await stateOf(name, present === 'site' ? 'web' : 'site'), name).toEqual(nothing)
    expect(await journal.read()).toEqual([])
    rmSync(join(root, name), { recursive: true })
    if (!cut) break
  }
  // Only before the second act is nothing under way.
  const ends = ['asked: site', 'not asked: site', ...(EACH === 1 || FIRST === 1 ? ['not asked: web'] : [])]
  expect([...names].sort()).toEqual(ends)
}, 120_000)

it('hands names on one after another, wherever it is cut off', async () => {
  const asked = [
    { from: 'web', to: 'site' },
    { from: 'other', to: 'web' },
  ]
  for (let acts = FIRST * 3, isCut = true; isCut; acts += EACH * 3) {
    const name = `chain-${acts}`
    cpSync(join(root, 'made'), join(root, name), { recursive: true })
    isCut = await start(open(name, acts), asked).then(
      () => false,
      () => true,
    )
    await start(open(name), asked)
    const { archive, logs } = open(name)
    expect([await textsOf(archive, 'site'), await textsOf(archive, 'web')]).toEqual([
      ['one', 'two'],
      ['five'],
    ])
    expect([await logs.end('site'), await logs.end('web'), await archive.sources()]).toEqual([
      ...[4, 0],
      ['site', 'web'],
    ])
    rmSync(join(root, name), { recursive: true })
  }
}, 120_000)

it('refuses to mix two sources, and changes nothing', async () => {
  cpSync(join(root, 'made'), join(root, 'both'), { recursive: true })
  const asked = [{ from: 'other', to: 'web' }]
  await expect(start(open('both'), asked)).rejects.toMatchObject({ code: 'RENAME_BOTH_HOLD' })
  const { archive, journal } = open('both')
  expect([await archive.sources(), await journal.read()]).toEqual([['other', 'web'], []])
})
