/** What the server's log says of its health, and how often. */
import { expect, it } from 'vitest'
import { type Fault, type Health, judgeHealth } from '../core/health.ts'
import type { SourceFacts } from '../core/health-facts.ts'
import { healthTeller } from './tell-health.ts'

const health = (...faults: Fault[]): Health => ({ faults, sources: [] })
const away = (cause: string): Fault => {
  return { code: 'STREAM_FAILED', source: 'web', cause, message: `The stream of web cannot go on: ${cause}` }
}

it('tells a fault when it begins, when its reason changes, each hour, and when it is over', () => {
  const tell = healthTeller()
  expect(tell(health(), 0)).toEqual([])
  expect(tell(health(away('a')), 500)).toEqual(['The stream of web cannot go on: a'])
  expect(tell(health(away('a')), 1000)).toEqual([])
  expect(tell(health(away('b')), 1500)).toEqual(['The stream of web cannot go on: b'])
  expect(tell(health(away('b')), 3_601_600)).toEqual(['The stream of web cannot go on: b'])
  expect(tell(health(), 3_602_000)).toEqual([])
  expect(tell(health(), 3_604_600)).toEqual(['The stream of web goes on.'])
  expect(tell(health(), 3_700_000)).toEqual([])
})

it('says once what comes and goes with each attempt', () => {
  const tell = healthTeller()
  const said = Array.from({ length: 20 }, (_, turn) =>
    tell(turn % 3 ? health() : health(away('a')), turn * 500),
  )
  expect(said.flat()).toEqual(['The stream of web cannot go on: a'])
})

it('does not repeat an age that grows', () => {
  const tell = healthTeller()
  const wait = (age: string): Fault => ({ code: 'LINES_WAIT', source: 'web', message: `for ${age}` })
  expect(tell(health(wait('3 min')), 0)).toEqual(['for 3 min'])
  expect(tell(health(wait('4 min')), 60_000)).toEqual([])
})

const BEHIND: SourceFacts = {
  source: 'web',
  ...{
    log: { startOffset: 50, endOffset: 150 },
    archive: { endOffset: 100 },
    countedTo: 100,
    reportEnd: 100,
  },
  ...{ uncountedSinceMs: 0, unarchivedSinceMs: 0 },
}
const WHY = { message: 'a table is locked.' }
const { countedTo: _, reportEnd: __, ...UNASKED } = BEHIND
const { archive: ___, ...UNSEEN } = BEHIND

it.each<[string, SourceFacts, SourceFacts]>([
  ['lines that wait, of which the report does not say more', BEHIND, { ...UNASKED, streamFailure: WHY }],
  ['lines that wait, while the report is away', BEHIND, { ...UNASKED, reportFailure: WHY }],
  ['lines that the archive lacks, while it is not known', BEHIND, { ...UNSEEN, archiveFailure: WHY }],
  [
    'a report that is ahead of an archive that does not answer',
    { ...BEHIND, reportEnd: 200 },
    { ...BEHIND, archiveFailure: WHY },
  ],
  ['a report that is ahead and was not asked again', { ...BEHIND, reportEnd: 200 }, UNASKED],
  [
    'lines that are missing, while the archive fails',
    { ...BEHIND, archive: { endOffset: 20 } },
    { ...BEHIND, archiveFailure: WHY },
  ],
  [
    'a stream that other trouble stops',
    { ...BEHIND, streamFailure: WHY },
    { ...BEHIND, streamFailure: { code: 'REPORT_AHEAD', message: 'ahead.' } },
  ],
])('does not call over what nobody can judge: %s', (_name, known, unknown) => {
  const limits = { freshnessMs: 1000, archiveMs: 1000 }
  const tell = healthTeller()
  const at = (facts: SourceFacts, ms: number) => tell(judgeHealth({ sources: [facts] }, limits, ms), ms)
  const open = judgeHealth({ sources: [known] }, limits, 10_000).faults.map(({ message }) => message)
  expect(open.length).toBeGreaterThan(0)
  expect(at(known, 10_000)).toEqual(open)
  const said = [11_000, 15_000, 20_000].flatMap((ms) => at(unknown, ms))
  const kept = judgeHealth({ sources: [unknown] }, limits, 11_000).faults.map(({ message }) => message)
  expect(said.filter((one) => !kept.includes(one))).toEqual([])
  const well = { ...BEHIND, archive: { endOffset: 150 }, countedTo: 150, reportEnd: 150 }
  expect([...at(well, 21_000), ...at(well, 24_000)].length).toBeGreaterThanOrEqual(open.length)
})
