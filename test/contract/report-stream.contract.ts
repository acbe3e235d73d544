/** What every report must do with a stream: add it once, settle it, answer over it, and give way to batch runs. */

import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdsWindow } from '../../src/core/metric-ranges.ts'
import type { TimeRange } from '../../src/core/run-record.ts'
import { compareDigests } from '../../src/core/tally-digest.ts'
import type { Report, StreamAdvance } from '../../src/ports/report.ts'
import { mergeGroups } from './merge-model.ts'
import { randomGroups, seeded } from './random-groups.ts'
import { type Extra, type Group, makePlan, stage } from './report-fixture.ts'
import { modelRows, rowsOf, wholeModel, wholeQuery } from './whole-query.ts'

const MINUTE = 60_000
const LATENESS = 2 * MINUTE
const BIG = 2n ** 62n
const plan = makePlan()

type Open = (dir: string, mode: 'read' | 'write') => Promise<Report>
type Late = readonly { readonly windowMs: number; readonly lines: number }[]

/** What a micro-batch found besides the groups, and the clock after it. */
interface Step extends Pick<Extra, 'rejects' | 'filtered'> {
  readonly clockMs?: number
  readonly late?: Late
  readonly latenessMs?: number
}

/** `openOther` gives a report that must hold the same after the same advances. */
export function describeReportStream(name: string, open: Open, openOther: Open = open): void {
  describe(`report stream: ${name}`, () => {
    let dir: string
    let report: Report
    const opened: Report[] = []
    let stagings = 0
    beforeEach(async () => {
      dir = mkdtempSync(join(tmpdir(), 'millrace-stream-'))
      report = await openIn('report', open)
    })
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close()
      rmSync(dir, { recursive: true, force: true })
    })

    const openIn = async (folder: string, opener: Open): Promise<Report> => {
      mkdirSync(join(dir, folder), { recursive: true })
      const made = await opener(join(dir, folder), 'write')
      opened.push(made)
      return made
    }
    /** Staged below the first report's folder, or the folder that is named. */
    const stageIn = (groups: readonly Group[], extra: Extra = {}, folder = 'report') =>
      stage(join(dir, folder), plan, groups, { ...extra, name: `s${stagings++}` })
    const step = async (
      fromOffset: number,
      groups: readonly Group[],
      { clockMs = 0, late = [], latenessMs = LATENESS, ...extra }: Step = {},
      folder = 'report',
    ): Promise<StreamAdvance> => {
      const { staged, appended } = (await stageIn(groups, extra, folder)).sources[0]!
      const lateLines = late.reduce((sum, { lines }) => sum + lines, 0)
      const rejected = extra.rejects?.filter(({ metric }) => metric === null).length ?? 0
      return {
        ...{ source: 'web', incarnation: 'log', fromOffset, clockMs, plans: [plan] },
        endOffset: fromOffset + appended + lateLines,
        latenessMs: new Map([[plan.metric, latenessMs]]),
        staged: {
          ...staged,
          linesRead: appended + lateLines,
          parsed: appended + lateLines - rejected,
          metrics: [{ ...staged.metrics[0]!, late }],
        },
      }
    }
    const advance = async (fromOffset: number, groups: readonly Group[], more: Step = {}) => {
      const made = await step(fromOffset, groups, more)
      await report.advance(made)
      return made.endOffset
    }
    const publish = async (groups: readonly Group[], range: TimeRange, cut: number) => {
      const publication = await stageIn(groups, { range })
      const source = publication.sources[0]!
      const metric = source.staged.metrics[0]!
      const staged = {
        ...source.staged,
        linesRead: cut,
        parsed: cut - source.staged.rejected,
        metrics: [{ ...metric, filtered: cut - metric.counted - metric.rejected }],
      }
      return report.publish({ ...publication, sources: [{ ...source, staged, appended: cut }] })
    }
    const holds = async (groups: readonly Group[], of = report) =>
      expect(rowsOf(await of.query(wholeQuery(plan)))).toEqual(modelRows(mergeGroups(groups, wholeModel)))
    const digests = (of: Report) =>
      Promise.all(
        plan.tallies.map(({ id, columns }) => {
          const exact = columns.filter(({ expr }) => expr?.type.kind !== 'float')
          const names = exact.map(({ column }) => column)
          return of.digest({ plan, range: {}, tally: id, columns: names, bySeries: true })
        }),
      )
    const sameDigests = async (a: Report, b: Report) => {
      const [mine, theirs] = await Promise.all([digests(a), digests(b)])
      for (const [place, digest] of mine.entries()) {
        expect(digest.rows.length).toBeGreaterThan(0)
        expect(compareDigests(digest, theirs[place]!)).toEqual([])
      }
    }
    const recordsOf = (groups: readonly Group[]) => groups.reduce((sum, { records }) => sum + records, 0)
    const parts = (seed: number, count = 3, size = 60) =>
      Array.from({ length: count }, (_, place) => randomGroups(seeded(seed + place), size))

    it('merges partials of many advances, and says how far the stream is', async () => {
      const batches = parts(100)
      let offset = 0
      for (const [place, groups] of batches.entries())
        offset = await advance(offset, groups, { clockMs: -40 * MINUTE + place, filtered: place })
      await holds(batches.flat())
      expect(await report.streamState('web')).toEqual({
        ...{ source: 'web', incarnation: 'log', endOffset: offset, clockMs: -40 * MINUTE + 2 },
        metrics: [
          {
            ...{ metric: plan.metric, version: plan.version, startOffset: 0 },
            ...{ endOffset: offset, clockMs: -40 * MINUTE + 2 },
            ...{ startClockMs: -40 * MINUTE, finalBeforeMs: -42 * MINUTE },
            lateness: [{ fromOffset: 0, latenessMs: LATENESS }],
            ledger: {
              ...{ source: 'web', metric: plan.metric, appended: offset },
              ...{ counted: recordsOf(batches.flat()), filtered: 3, late: 0, rejected: 0 },
            },
          },
        ],
      })
      const starts = batches.flat().map(({ windowMs }) => windowMs)
      expect(await report.metricState(plan.metric)).toMatchObject({
        ...{ revision: 0, coverage: [{}], finalBeforeMs: -42 * MINUTE },
        ...{ firstWindowMs: Math.min(...starts), lastWindowMs: Math.max(...starts) },
      })
      expect(await report.streamState('other')).toBeUndefined()
    })

    it('settles windows that become final without a change in what it answers', async () => {
      const batches = parts(110)
      let offset = 0
      let clockMs = -40 * MINUTE
      for (const groups of batches) {
        offset = await advance(offset, groups, { clockMs })
        clockMs += 25 * MINUTE
      }
      await holds(batches.flat())
      await report.advance(await step(offset, [], { clockMs: 200 * MINUTE }))
      await holds(batches.flat())
      expect((await report.metricState(plan.metric))?.finalBeforeMs).toBe(198 * MINUTE)
      const batch = await openIn('batch', open)
      await batch.publish(await stageIn(batches.flat(), {}, 'batch'))
      await sameDigests(report, batch)
    })

    it('keeps sums that pass 64 bits, in provisional windows and in final ones', async () => {
      const [group] = randomGroups(seeded(120), 1)
      const big = { ...group!, windowMs: 0, valued: 1, sum: BIG, most: BIG, least: -BIG }
      const four = [big, big, big, big]
      let offset = 0
      for (const each of four) offset = await advance(offset, [each], { clockMs: MINUTE })
      await holds(four)
      await report.advance(await step(offset, [], { clockMs: 10 * MINUTE }))
      await holds(four)
    })

    it('answers over totals of a batch run and of the stream that joined after it', async () => {
      const [published, streamed] = parts(130, 2, 200)
      await publish(published!, {}, recordsOf(published!))
      const cut = recordsOf(published!)
      const before = published!.filter(({ windowMs }) => windowMs < 8 * MINUTE)
      const kept = streamed!.filter(({ windowMs }) => windowMs >= 8 * MINUTE)
      const offset = await advance(cut, streamed!, { clockMs: 10 * MINUTE })
      await holds([...published!, ...kept])
      const notes = await report.lateRanges()
      const dropped = streamed!.filter(({ windowMs }) => windowMs < 8 * MINUTE)
      expect(notes.reduce((sum, { lines }) => sum + lines, 0)).toBe(recordsOf(dropped))
      // Windows that had begun when the stream did may have records below it.
      for (const minute of [8, 9, 10])
        expect(notes.some(({ lines, ...range }) => lines === 0 && holdsWindow(range, minute * MINUTE))).toBe(
          true,
        )
      await report.advance(await step(offset, [], { clockMs: 200 * MINUTE }))
      await holds([...published!, ...kept])
      await publish([...before, ...dropped], { toMs: 8 * MINUTE }, offset)
      await holds([...published!, ...streamed!])
    })

    it('is refused, whole, when it does not go on where it stands', async () => {
      const [first, second] = parts(140, 2)
      const one = await step(0, first!)
      await report.advance(one)
      const moved = { code: 'REPORT_STREAM_MOVED' }
      await expect(report.advance(one)).rejects.toMatchObject(moved)
      await expect(report.advance(await step(one.endOffset + 1, second!))).rejects.toMatchObject(moved)
      const other = { ...(await step(one.endOffset, second!)), incarnation: 'another log' }
      await expect(report.advance(other)).rejects.toMatchObject(moved)
      await holds(first!)
      await advance(one.endOffset, second!)
      await holds([...first!, ...second!])
    })

    it('is refused, whole, when lines are missing or rows are not what was counted', async () => {
      const [first, second] = parts(150, 2)
      const offset = await advance(0, first!)
      const good = await step(offset, second!)
      const mismatch = { code: 'LEDGER_MISMATCH' }
      const short = { ...good, endOffset: good.endOffset + 1 }
      await expect(report.advance(short)).rejects.toMatchObject(mismatch)
      const metric = good.staged.metrics[0]!
      const wrong = { ...metric, counted: metric.counted - 1, filtered: metric.filtered + 1 }
      const lost = { ...good, staged: { ...good.staged, metrics: [wrong] } }
      await expect(report.advance(lost)).rejects.toMatchObject(mismatch)
      await holds(first!)
      expect((await report.streamState('web'))?.endOffset).toBe(offset)
      await report.advance(good)
      await holds([...first!, ...second!])
    })

    it('leaves nothing behind of an advance that fails half way, which then goes through', async () => {
      const [first, second] = parts(160, 2)
      const offset = await advance(0, first!)
      const rejects = [{ offset, metric: null, reason: 'invalid_json', field: null }]
      const late = [{ windowMs: -50 * MINUTE, lines: 2 }]
      const good = await step(offset, second!, { rejects, late, clockMs: 100 * MINUTE })
      const path = good.staged.metrics[0]!.tallies.at(-1)!.path
      for (const missing of [path, good.staged.rejectsPath]) {
        renameSync(missing, `${missing}.away`)
        await expect(report.advance(good)).rejects.toThrow()
        renameSync(`${missing}.away`, missing)
        await holds(first!)
        expect(await report.lateRanges()).toEqual([])
        expect((await report.rejects('web', 5)).total).toBe(0)
        expect((await report.streamState('web'))?.endOffset).toBe(offset)
      }
      await report.advance(good)
      await holds([...first!, ...second!])
      expect((await report.rejects('web', 5)).total).toBe(1)
    })

    it('notes late windows until a batch run with a later cut has counted them', async () => {
      const groups = randomGroups(seeded(170), 30)
      const late = [
        { windowMs: -30 * MINUTE, lines: 3 },
        { windowMs: -29 * MINUTE, lines: 1 },
      ]
      const middle = await advance(0, groups, { late })
      const offset = await advance(middle, [], { late: [{ windowMs: -30 * MINUTE, lines: 2 }] })
      const name = { source: 'web', metric: plan.metric, version: plan.version }
      const older = { ...name, fromMs: -30 * MINUTE, toMs: -28 * MINUTE, lines: 4, endOffset: middle }
      const newer = { ...name, fromMs: -30 * MINUTE, toMs: -29 * MINUTE, lines: 2, endOffset: offset }
      expect(await report.lateRanges()).toEqual([older, newer])
      expect((await report.streamState('web'))?.metrics[0]?.ledger.late).toBe(6)
      const final = groups.filter(({ windowMs }) => windowMs < -2 * MINUTE)
      // A cut in between leaves what came after it.
      await publish(final, { toMs: -2 * MINUTE }, middle)
      expect(await report.lateRanges()).toEqual([newer])
      await publish(final, { toMs: -2 * MINUTE }, offset)
      expect(await report.lateRanges()).toEqual([])
      await holds(groups)
    })

    it('keeps the allowance by offset, and windows final that were, when it changes', async () => {
      const [first, second] = parts(175, 2)
      const offset = await advance(0, first!, { clockMs: 10 * MINUTE })
      const grown = { clockMs: 10 * MINUTE, latenessMs: 5 * MINUTE }
      // Lines that were judged before the report could say since when.
      await expect(advance(offset, second!, grown)).rejects.toMatchObject({ code: 'REPORT_LATENESS_MOVED' })
      await holds(first!)
      const lateness = async () => (await report.streamState('web'))?.metrics[0]?.lateness
      await advance(offset, [], grown)
      const began = { fromOffset: 0, latenessMs: LATENESS }
      const kept = { fromOffset: offset, finalBeforeMs: 8 * MINUTE }
      expect(await lateness()).toEqual([began, { ...kept, latenessMs: 5 * MINUTE }])
      expect((await report.metricState(plan.metric))?.finalBeforeMs).toBe(8 * MINUTE)
      const final = first!.filter(({ windowMs }) => windowMs < 8 * MINUTE)
      await publish(final, { toMs: 8 * MINUTE }, offset)
      await holds(first!)
      // No line was judged by it.
      const shrunk = { clockMs: 10 * MINUTE, latenessMs: MINUTE }
      await advance(offset, [], shrunk)
      expect(await lateness()).toEqual([began, { ...kept, latenessMs: MINUTE }])
      const own = second!.filter(({ windowMs }) => windowMs >= 9 * MINUTE)
      const end = await advance(offset, own, shrunk)
      await advance(end, [], { clockMs: 10 * MINUTE })
      const last = { fromOffset: end, latenessMs: LATENESS, finalBeforeMs: 9 * MINUTE }
      expect(await lateness()).toEqual([began, { ...kept, latenessMs: MINUTE }, last])
      await holds([...first!, ...own])
    })

    it('gives its final windows to a batch run, and keeps its own', async () => {
      const [first, second, recomputed] = parts(180, 3, 150)
      const offset = await advance(0, first!, { clockMs: 7 * MINUTE })
      const owns = { code: 'REPORT_STREAM_OWNS' }
      await expect(publish(recomputed!, {}, offset)).rejects.toMatchObject(owns)
      await expect(publish(recomputed!, { toMs: 6 * MINUTE }, offset)).rejects.toMatchObject(owns)
      await holds(first!)
      const isFinal = ({ windowMs }: Group) => windowMs < 5 * MINUTE
      const batch = recomputed!.filter(isFinal)
      await publish(batch, { toMs: 5 * MINUTE }, Math.max(offset, recordsOf(batch)))
      const own = first!.filter((group) => !isFinal(group))
      await holds([...batch, ...own])
      await advance(offset, second!, { clockMs: 8 * MINUTE })
      await holds([...batch, ...own, ...second!.filter((group) => !isFinal(group))])
      const state = await report.metricState(plan.metric)
      expect(state).toMatchObject({ revision: 1, coverage: [{}], finalBeforeMs: 6 * MINUTE })
    })

    it('lists rejected lines once, whoever found them first', async () => {
      const [group] = randomGroups(seeded(190), 1)
      const reject = (offset: number, metric: string | null = null) => ({
        ...{ offset, metric, reason: 'invalid_json', field: null },
      })
      const one = await step(0, [{ ...group!, windowMs: 0 }], {
        rejects: [reject(0), reject(1, plan.metric)],
      })
      await report.advance(one)
      expect((await report.rejects('web', 9)).lines.map(({ offset, block }) => [offset, block])).toEqual([
        [0, 'block'],
        [1, 'block'],
      ])
      const next = await step(one.endOffset, [], { rejects: [reject(one.endOffset)], clockMs: 100 * MINUTE })
      const publication = await stageIn([], {
        ...{ range: { toMs: -50 * MINUTE }, filtered: one.endOffset - 2 },
        rejects: [reject(0), reject(1, plan.metric), reject(one.endOffset)],
      })
      await report.publish(publication)
      await report.advance(next)
      const { total, lines } = await report.rejects('web', 9)
      expect(lines.map(({ offset, metric }) => [offset, metric])).toEqual([
        [0, null],
        [1, plan.metric],
        [one.endOffset, null],
      ])
      expect(total).toBe(3)
    })

    it('shows readers whole advances only', async () => {
      const [groups] = parts(200, 1, 40)
      const records = BigInt(recordsOf(groups!))
      let isDone = false
      const seen = new Set<bigint>()
      const read = async () => {
        while (!isDone) {
          const query = { ...wholeQuery(plan), by: [], measures: ['requests'] }
          const { measures } = await report.query(query)
          const counts = measures[0]?.kind === 'exact' ? measures[0].columns[0]! : []
          seen.add(counts.reduce<bigint>((sum, count) => sum + BigInt(count ?? 0), 0n))
        }
      }
      const reading = read()
      let offset = 0
      for (let round = 0; round < 6; round++)
        offset = await advance(offset, groups!, { clockMs: (round * 15 - 40) * MINUTE })
      isDone = true
      await reading
      for (const count of seen) expect(count % records).toBe(0n)
    })

    it('leaves two reports alike after the same advances', async () => {
      const other = await openIn('other', openOther)
      const batches = parts(210, 4, 80)
      let offset = 0
      for (const [place, groups] of batches.entries()) {
        const more = {
          clockMs: (place * 20 - 30) * MINUTE,
          late: [{ windowMs: -60 * MINUTE, lines: place + 1 }],
        }
        const made = await step(offset, groups, more)
        await report.advance(made)
        await other.advance(await step(offset, groups, more, 'other'))
        offset = made.endOffset
        await sameDigests(report, other)
      }
      await holds(batches.flat(), other)
      expect(await other.streamState('web')).toEqual(await report.streamState('web'))
      expect(await other.lateRanges()).toEqual(await report.lateRanges())
      expect(await other.metricState(plan.metric)).toEqual(await report.metricState(plan.metric))
    })
  })
}
