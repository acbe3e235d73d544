/** The model of health: a table of facts, and what each of them makes of /readyz, of the ages and of the faults. */
import { describe, expect, it } from 'vitest'
import { doorFault, faultsOf, formatAge, isStanding, judgeHealth } from './health.ts'
import type { HealthFacts, SourceFacts } from './health-facts.ts'

const NOW = 1_000_000
const LIMITS = { freshnessMs: 60_000, archiveMs: 600_000 }
const FRESH: SourceFacts = {
  source: 'web',
  log: { startOffset: 0, endOffset: 100 },
  archive: { endOffset: 80 },
  countedTo: 100,
  unarchivedSinceMs: NOW - 5000,
}
const WHY = { code: 'ARCHIVE_SAFE_MODE', message: 'it is in safe mode.' }
const GAP = { code: 'LOG_LINES_MISSING', message: 'Lines are missing.' }

function judge(source: Partial<SourceFacts>, shared: Partial<HealthFacts> = {}) {
  return judgeHealth({ sources: [{ ...FRESH, ...source }], ...shared }, LIMITS, NOW)
}

describe('a source', () => {
  it('is well while its lines are counted and archived in time', () => {
    const { faults, sources } = judge({})
    expect(faults).toEqual([])
    expect(sources).toEqual([
      {
        ...{ source: 'web', endOffset: 100, faults: [] },
        ...{ uncountedLines: 0, uncountedMs: 0, unarchivedLines: 20, unarchivedMs: 5000 },
      },
    ])
  })

  it.each<[string, Partial<SourceFacts>, string[]]>([
    ['counted late, but in time', { countedTo: 90, uncountedSinceMs: NOW - 60_000 }, []],
    ['counted too late', { countedTo: 90, uncountedSinceMs: NOW - 60_001 }, ['LINES_WAIT']],
    ['stamped ahead of the clock', { countedTo: 90, uncountedSinceMs: NOW + 5000 }, []],
    ['of an age that nobody knows', { countedTo: 90 }, []],
    ['archived too late', { unarchivedSinceMs: NOW - 600_001 }, ['ARCHIVE_BEHIND']],
    ['archived whole', { archive: { endOffset: 100 }, unarchivedSinceMs: 0 }, []],
    ['with an archive that fails', { archiveFailure: WHY }, ['ARCHIVE_FAILED']],
    ['with a stream that fails', { streamFailure: WHY }, ['STREAM_FAILED']],
    ['with a report that is away', { reportFailure: WHY }, ['REPORT_AWAY']],
    ['counted further than it is', { reportEnd: 101 }, ['REPORT_AHEAD']],
    ['counted in an archive that is away', { reportEnd: 101, archiveFailure: WHY }, ['ARCHIVE_FAILED']],
    ['with a gap', { log: { startOffset: 90, endOffset: 100 } }, ['LOG_LINES_MISSING']],
    [
      'of which the stream has said so itself',
      { reportEnd: 101, streamFailure: { code: 'REPORT_AHEAD', message: 'ahead' } },
      ['REPORT_AHEAD'],
    ],
    [
      'of which stream and archiver have both said so',
      { streamFailure: GAP, archiveFailure: GAP },
      ['LOG_LINES_MISSING'],
    ],
    [
      'with all of it: the worst first',
      {
        ...{ countedTo: 90, uncountedSinceMs: 0, unarchivedSinceMs: 0 },
        ...{ streamFailure: WHY, archiveFailure: WHY },
      },
      ['STREAM_FAILED', 'LINES_WAIT', 'ARCHIVE_FAILED', 'ARCHIVE_BEHIND'],
    ],
  ])('%s', (_, facts, codes) => {
    const health = judge(facts)
    expect(health.faults.map(({ code }) => code)).toEqual(codes)
    expect(health.sources[0]!.faults).toEqual(health.faults)
    for (const { message, source } of health.faults) {
      expect(source).toBe('web')
      expect(message).toMatch(/\.$|ahead$/)
      expect(message).not.toMatch(/undefined|NaN|\{/)
    }
  })

  it('whose archive nobody can ask has an unknown lag, not none', () => {
    const { archive: _, ...facts } = FRESH
    const [source] = judgeHealth({ sources: [{ ...facts, archiveFailure: WHY }] }, LIMITS, NOW).sources
    expect(source).not.toHaveProperty('unarchivedLines')
    const [begun] = judgeHealth({ sources: [facts] }, LIMITS, NOW).sources
    expect(begun).toMatchObject({ unarchivedLines: 100 })
    const old = { ...facts, unarchivedSinceMs: 0 }
    expect(judgeHealth({ sources: [old] }, LIMITS, NOW).faults).toEqual([])
    const shortened = { ...facts, log: { startOffset: 90, endOffset: 100 } }
    expect(judgeHealth({ sources: [shortened] }, LIMITS, NOW).faults).toEqual([])
  })

  it('without a limit may wait for any time, and without a metric is not counted', () => {
    const late = { ...FRESH, countedTo: 0, uncountedSinceMs: 0 }
    expect(judgeHealth({ sources: [late] }, {}, NOW).faults).toEqual([])
    const { countedTo: _, ...raw } = late
    expect(judgeHealth({ sources: [raw] }, LIMITS, NOW).sources[0]).not.toHaveProperty('uncountedLines')
  })

  it('says how many wait, for how long, and what is declared', () => {
    const { faults } = judge({ countedTo: 99, uncountedSinceMs: NOW - 200_000 })
    expect(faults[0]!.message).toBe(
      '1 line of web waits to be counted, the oldest for 3 min 20 s, where 1m is declared by serve.freshness.',
    )
  })

  it('carries the reason that the engine gave', () => {
    expect(judge({ archiveFailure: WHY }).faults[0]).toMatchObject({
      cause: WHY.message,
      message: 'The log of web waits for the archive: it is in safe mode.',
    })
    const { log: _, ...others } = FRESH
    const asked = judgeHealth({ sources: [{ ...others, archiveFailure: WHY }] }, LIMITS, NOW)
    expect(asked.faults[0]!.message).toBe('The archive of web cannot be asked: it is in safe mode.')
  })
})

describe('a server', () => {
  const FULL = { code: 'LOG_DISK_FULL', message: 'the disk is full.' }

  it.each<[Partial<HealthFacts>, string[], string | undefined]>([
    [{}, [], undefined],
    [{ logTrouble: { code: 'LOG_BROKER_AWAY', message: 'away.' } }, ['LOG_WAITS'], undefined],
    [{ logTrouble: FULL }, ['LOG_FULL'], 'LOG_FULL'],
    [{ logFailure: { message: 'broken.' }, logTrouble: FULL }, ['LOG_FAILED'], 'LOG_FAILED'],
    [{ restateFailure: WHY }, ['RESTATE_FAILED'], undefined],
    [{ batchFailure: WHY }, ['BATCH_FAILED'], undefined],
  ])('%j', (shared, codes, door) => {
    const health = judge({}, shared)
    expect(health.faults.map(({ code }) => code)).toEqual(codes)
    expect(doorFault(health)?.code).toBe(door)
    expect(faultsOf(health, 'edge')).toEqual(health.faults)
  })

  it('tells faults of one source to those who ask of it', () => {
    const facts = [
      { ...FRESH, streamFailure: WHY },
      { ...FRESH, source: 'edge', archiveFailure: WHY },
    ]
    const health = judgeHealth({ sources: facts }, LIMITS, NOW)
    expect(faultsOf(health, 'web').map(({ code }) => code)).toEqual(['STREAM_FAILED'])
    expect(health.sources.map(isStanding)).toEqual([true, false])
  })
})

it.each([
  [0, '0 s'],
  [999, '0 s'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [183_600_000, '2 d 3 h'],
])('an age of %i ms is %s', (ms, text) => expect(formatAge(ms)).toBe(text))
