/** What every report must do, whichever database holds it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Expr } from '../../src/core/expr.ts'
import type { MetricPlan } from '../../src/core/plan.ts'
import type { TimeRange } from '../../src/core/run-record.ts'
import type { Report, StepRule, TotalsQuery, WindowsQuery } from '../../src/ports/report.ts'
import { type ModelQuery, mergeGroups } from './merge-model.ts'
import { randomGroups, seeded } from './random-groups.ts'
import { type Extra, type Group, makePlan, stage } from './report-fixture.ts'
import { modelRows, RANKS, rowsOf, wholeModel, wholeQuery } from './whole-query.ts'

const MINUTE = 60_000
/** `open` gives the report that lives in a folder, made anew where there is none. */
export function describeReport(
  name: string,
  open: (dir: string, mode: 'read' | 'write') => Promise<Report>,
): void {
  describe(`report contract: ${name}`, () => {
    let dir: string
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'millrace-report-'))
    })
    afterEach(() => rmSync(dir, { recursive: true, force: true }))

    const withReport = async <T>(
      mode: 'read' | 'write',
      task: (report: Report) => Promise<T>,
    ): Promise<T> => {
      const report = await open(dir, mode)
      try {
        return await task(report)
      } finally {
        await report.close()
      }
    }
    const publish = async (plan: MetricPlan, groups: readonly Group[], extra?: Extra) => {
      const publication = await stage(dir, plan, groups, extra)
      return withReport('write', (report) => report.publish(publication))
    }
    const query = (plan: MetricPlan, part: Partial<TotalsQuery> = {}) =>
      withReport('read', (report) => report.query({ ...wholeQuery(plan), ...part }))

    it('merges as the model does, for many steps, dimensions, ranges and conditions', async () => {
      const plan = makePlan()
      const random = seeded(7)
      const groups = randomGroups(random, 600)
      await publish(plan, groups)
      await withReport('read', async (report) => {
        for (let round = 0; round < 60; round++) {
          const { totals, model } = randomQuery(plan, random)
          expect(rowsOf(await report.query(totals))).toEqual(modelRows(mergeGroups(groups, model)))
        }
      })
    })

    it('gives the same rows when the same data is published again, under the next revision', async () => {
      const plan = makePlan()
      const groups = randomGroups(seeded(8), 100)
      const first = await publish(plan, groups)
      const before = await query(plan)
      const again = await publish(plan, [...groups].reverse())
      expect(await query(plan)).toEqual(before)
      expect([first.revision, again.revision]).toEqual([1, 2])
      expect(again.metrics).toEqual([{ metric: plan.metric, version: plan.version, rows: groups.length }])
    })

    it('replaces only the windows that start in the range', async () => {
      const plan = makePlan()
      const groups = randomGroups(seeded(9), 300)
      await publish(plan, groups)
      const range = { fromMs: -10 * MINUTE, toMs: 20 * MINUTE }
      const inRange = (group: Group) => group.windowMs >= range.fromMs && group.windowMs < range.toMs
      const fresh = randomGroups(seeded(10), 300).filter(inRange)
      expect(fresh.length).toBeGreaterThan(20)
      await publish(plan, fresh, { range })
      const expected = [...groups.filter((group) => !inRange(group)), ...fresh]
      expect(rowsOf(await query(plan))).toEqual(modelRows(mergeGroups(expected, wholeModel)))
      const state = await withReport('read', (report) => report.metricState(plan.metric))
      expect(state).toMatchObject({ revision: 2, coverage: [{}] })
    })

    it('tells which ranges were computed', async () => {
      const plan = makePlan()
      const group = (windowMs: number) => ({ ...randomGroups(seeded(3), 1)[0]!, windowMs })
      const add = (fromMs: number, toMs: number) =>
        publish(plan, [group(fromMs)], { range: { fromMs, toMs } })
      await add(0, MINUTE)
      await add(5 * MINUTE, 7 * MINUTE)
      await add(MINUTE, 2 * MINUTE)
      const state = await withReport('read', (report) => report.metricState(plan.metric))
      expect(state).toEqual({
        metric: plan.metric,
        version: plan.version,
        plan,
        versions: [plan.version],
        revision: 3,
        coverage: [
          { fromMs: 0, toMs: 2 * MINUTE },
          { fromMs: 5 * MINUTE, toMs: 7 * MINUTE },
        ],
        published: [
          { range: { fromMs: MINUTE, toMs: 2 * MINUTE }, cut: 5, revision: 3 },
          { range: { fromMs: 5 * MINUTE, toMs: 7 * MINUTE }, cut: 5, revision: 2 },
          { range: { fromMs: 0, toMs: MINUTE }, cut: 5, revision: 1 },
        ],
        firstWindowMs: 0,
        lastWindowMs: 5 * MINUTE,
      })
    })

    it('knows the first and the last window after ranges that add, replace and empty them', async () => {
      const plan = makePlan()
      const at = (minute: number) => ({ ...randomGroups(seeded(3), 1)[0]!, windowMs: minute * MINUTE })
      const bounds = async () => {
        const state = await withReport('read', (report) => report.metricState(plan.metric))
        return [state?.firstWindowMs, state?.lastWindowMs].map((ms) => (ms == null ? ms : ms / MINUTE))
      }
      const replace = async (fromMs: number, toMs: number, minutes: number[]) => {
        const range = { fromMs: fromMs * MINUTE, toMs: toMs * MINUTE }
        await publish(plan, minutes.map(at), { range })
        return bounds()
      }
      expect(await replace(0, 10, [])).toEqual([null, null])
      expect(await replace(0, 10, [2, 8])).toEqual([2, 8])
      expect(await replace(3, 5, [4])).toEqual([2, 8])
      expect(await replace(20, 30, [25])).toEqual([2, 25])
      expect(await replace(0, 10, [5])).toEqual([5, 25])
      expect(await replace(20, 30, [])).toEqual([5, 5])
      expect(await replace(-10, 0, [-3])).toEqual([-3, 5])
      expect(await replace(-10, 0, [])).toEqual([5, 5])
      expect(await replace(0, 10, [])).toEqual([null, null])
      await publish(plan, [at(1), at(9)])
      expect(await bounds()).toEqual([1, 9])
      expect(await replace(0, 5, [])).toEqual([9, 9])
    }, 60_000)

    it('keeps an older version until the newer one is whole', async () => {
      const [old, fresh] = [makePlan(), makePlan(undefined, 'b'.repeat(16))]
      const groups = randomGroups(seeded(11), 50)
      await publish(old, groups)
      const before = await query(old)
      await publish(fresh, [], { range: { fromMs: 0, toMs: MINUTE } })
      expect(await query(old)).toEqual(before)
      await publish(fresh, groups)
      expect((await query(old)).windowMs).toEqual([])
      expect(await query(fresh)).toEqual(before)
      const versions = await withReport('read', async (report) => [
        (await report.metricState(old.metric, old.version))?.version,
        await report.metricState('no such metric'),
      ])
      expect(versions).toEqual([fresh.version, undefined])
    })

    it('refuses a run whose ledger does not balance, and changes nothing', async () => {
      const plan = makePlan()
      const groups = randomGroups(seeded(12), 40)
      await publish(plan, groups)
      const before = await query(plan)
      const other = randomGroups(seeded(13), 40)
      await expect(publish(plan, other, { missing: 1 })).rejects.toMatchObject({ code: 'LEDGER_MISMATCH' })
      const lie = await stage(dir, plan, other)
      const [metric] = lie.sources[0]!.staged.metrics
      Object.assign(metric!, { counted: metric!.counted - 1, filtered: metric!.filtered + 1 })
      await expect(withReport('write', (report) => report.publish(lie))).rejects.toMatchObject({
        code: 'LEDGER_MISMATCH',
      })
      expect(await query(plan)).toEqual(before)
      expect(await withReport('read', (report) => report.runs(9))).toHaveLength(1)
    })

    it('keeps rejected lines of the last run of their source and metrics', async () => {
      const [one, two] = [makePlan('one'), makePlan('two')]
      const reject = (offset: number, metric: string | null) => ({
        offset,
        metric,
        reason: metric ? 'invalid_field' : 'invalid_json',
        field: metric && 'x',
      })
      await publish(one, [], { rejects: [reject(1, null), reject(2, 'one')] })
      await publish(two, [], { rejects: [reject(5, null), reject(3, 'two')] })
      await publish(one, [], { rejects: [reject(4, null)], source: 'other' })
      const found = await withReport('read', (report) => report.rejects('web', 2))
      expect(found.total).toBe(3)
      expect(found.lines).toEqual([
        { block: 'block', offset: 2, metric: 'one', reason: 'invalid_field', field: 'x' },
        { block: 'block', offset: 3, metric: 'two', reason: 'invalid_field', field: 'x' },
      ])
    })

    it('tells the ranges of windows that have rows, by their rows and by their gaps', async () => {
      const plan = makePlan()
      const [group] = randomGroups(seeded(12), 1) as [Group]
      const far = [Date.parse('0002-01-01T00:00Z'), Date.parse('8999-12-31T23:59Z')] as const
      const near = [-2, -1, 0, 5, 7].map((minute) => minute * MINUTE)
      const of = (windowMs: number, service: string): Group => {
        return { ...group, windowMs, dimensions: [service, 1n, 2n, true] }
      }
      const groups = [...far, ...near].map((ms) => of(ms, 'a'))
      await publish(plan, [...groups, of(0, 'b')])
      const range = (fromMs: number, lastMs: number) => ({ fromMs, toMs: lastMs + MINUTE })
      await withReport('read', async (report) => {
        const ask = (parts: WindowsQuery['parts'], within: TimeRange = {}) =>
          report.windowRanges({ plan, range: within, parts })
        const [first, last] = far
        expect(await ask({ rows: 100 })).toEqual([range(first, last)])
        expect(await ask({ rows: 3 })).toEqual([
          range(first, near[1]!),
          range(near[2]!, near[3]!),
          range(near[4]!, last),
        ])
        expect(await ask({ gapMs: 2 * MINUTE })).toEqual([
          range(first, first),
          range(near[0]!, near[2]!),
          range(near[3]!, near[4]!),
          range(last, last),
        ])
        const within = { fromMs: -MINUTE, toMs: 6 * MINUTE }
        expect(await ask({ gapMs: MINUTE }, within)).toEqual([range(near[1]!, 0), range(near[3]!, near[3]!)])
        expect(await ask({ gapMs: MINUTE }, { fromMs: 8 * MINUTE, toMs: 9 * MINUTE })).toEqual([])
      })
    })

    it('lists runs from the newest', async () => {
      const plan = makePlan()
      for (let run = 0; run < 3; run++) await publish(plan, [])
      const runs = await withReport('read', (report) => report.runs(2))
      expect(runs.map(({ revision }) => revision)).toEqual([3, 2])
      expect(runs[0]).toMatchObject({ engine: 'test', finishedMs: 2000 })
    })

    it('keeps sums exact beyond 64 bits, also when a later range brings the first one', async () => {
      const plan = makePlan()
      const [group] = randomGroups(seeded(14), 1)
      const small = { ...group!, windowMs: 0, sum: 2n ** 63n - 1n }
      const large = { ...group!, windowMs: MINUTE, sum: -(10n ** 37n) - 7n, least: -(10n ** 37n) - 7n }
      await publish(plan, [small])
      await publish(plan, [large], { range: { fromMs: MINUTE } })
      await publish(plan, [small], { range: { fromMs: 0, toMs: MINUTE } })
      const merged = await query(plan, { step: { kind: 'fixed', stepMs: 60 * MINUTE }, by: [] })
      expect(merged.measures[1]).toEqual({ kind: 'exact', columns: [[small.sum + large.sum]] })
      expect(merged.measures[2]).toEqual({ kind: 'exact', columns: [[large.least]] })
    })

    it('refuses a merged sum beyond 38 digits', async () => {
      const plan = makePlan()
      const [group] = randomGroups(seeded(15), 1)
      const near = { ...group!, sum: 10n ** 38n - 1n }
      await publish(
        plan,
        [0, 1].map((index) => ({ ...near, windowMs: index * MINUTE })),
      )
      const step: StepRule = { kind: 'fixed', stepMs: 60 * MINUTE }
      await expect(query(plan, { step })).rejects.toMatchObject({ code: 'REPORT_SUM_OVERFLOW' })
      expect((await query(plan)).measures[1]).toEqual({ kind: 'exact', columns: [[near.sum, near.sum]] })
    })

    it('holds metrics apart whatever their names, also when they mean the same', async () => {
      const names = ['runs', 'a"b; DROP TABLE runs; --', 'a.b', 'a_b', '__proto__', "it's", 'ünï']
      for (const [index, name] of names.entries())
        await publish(makePlan(name), randomGroups(seeded(20 + index), 5), { name: `n${index}` })
      for (const [index, name] of names.entries()) {
        const expected = mergeGroups(randomGroups(seeded(20 + index), 5), wholeModel)
        expect(rowsOf(await query(makePlan(name)))).toEqual(modelRows(expected))
      }
    })

    it('answers with no rows for a metric without dimensions kept and without data', async () => {
      const plan = makePlan()
      await publish(plan, [])
      expect((await query(plan, { by: [] })).windowMs).toEqual([])
    })
  })
}

function randomQuery(plan: MetricPlan, random: () => number): { totals: TotalsQuery; model: ModelQuery } {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const by = pick([[], [0], [1, 0], [3, 2], [2], [0, 1, 2, 3], [1, 2, 3, 0]])
  const range = pick([{}, { fromMs: -7 * MINUTE }, { toMs: 11 * MINUTE }, { fromMs: 0, toMs: 33 * MINUTE }])
  const { step, stepOf } = pick(STEPS)
  const { where, keeps } = pick(CONDITIONS)
  const inRange = (ms: number) => ms >= (range.fromMs ?? -Infinity) && ms < (range.toMs ?? Infinity)
  return {
    totals: {
      ...wholeQuery(plan),
      range,
      step,
      by: by.map((place) => plan.dimensions[place]!.name),
      ...(where && { where }),
    },
    model: {
      stepOf: (ms) => (inRange(ms) ? stepOf(ms) : undefined),
      by,
      ranks: RANKS,
      ...(keeps && { keeps }),
    },
  }
}

const fixed = (stepMs: number) => ({
  step: { kind: 'fixed', stepMs } as StepRule,
  stepOf: (ms: number) => Math.floor(ms / stepMs) * stepMs,
})
const BOUNDARIES = [-1000 * MINUTE, -13 * MINUTE, -MINUTE, 0, 17 * MINUTE, 40 * MINUTE]
const STEPS = [
  fixed(MINUTE),
  fixed(5 * MINUTE),
  fixed(7 * MINUTE),
  fixed(60 * MINUTE),
  {
    step: { kind: 'boundaries', boundaries: BOUNDARIES } as StepRule,
    stepOf: (ms: number) => BOUNDARIES.findLast((boundary) => boundary <= ms)!,
  },
]

const boolean = { kind: 'boolean' } as const
const service: Expr = { node: 'field', name: 'service', type: { kind: 'string' } }
const code: Expr = { node: 'field', name: 'code', type: { kind: 'integer', magnitude: String(2n ** 63n) } }
const CONDITIONS: readonly { where?: Expr; keeps?: ModelQuery['keeps'] }[] = [
  {},
  {
    where: { node: 'is_null', operand: service, negated: false, type: boolean },
    keeps: ([value]) => value === null,
  },
  {
    where: {
      node: 'compare',
      operator: '>=',
      left: code,
      right: { node: 'literal', value: '404', type: { kind: 'integer', magnitude: '404' } },
      type: boolean,
    },
    keeps: ([, value]) => value !== null && value >= 404n,
  },
  {
    where: {
      node: 'compare',
      operator: '=',
      left: service,
      right: { node: 'literal', value: "o'brien", type: { kind: 'string' } },
      type: boolean,
    },
    keeps: ([value]) => value === "o'brien",
  },
]
