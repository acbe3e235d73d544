/** Which of several runs a report holds, whole: for suites that break a publisher or its database. */
import { expect } from 'vitest'
import type { Report } from '../../src/ports/report.ts'
import { randomGroups, seeded } from './random-groups.ts'
import { makePlan } from './report-fixture.ts'

/** Windows and series of a run, all of them made from its seed. */
export const groupsOf = (seed: number) => randomGroups(seeded(seed), 400)

/** The seed of the run that the report holds; fails when it holds anything else. Undefined stands for an empty report. */
export async function readSeed(
  report: Report,
  seeds: readonly (number | undefined)[],
): Promise<number | undefined> {
  const plan = makePlan()
  const totals = await report.query({
    plan,
    range: {},
    step: { kind: 'fixed', stepMs: plan.windowMs },
    by: [],
    measures: ['requests', 'total'],
    quantiles: [],
  })
  const expected = seeds.map((seed) => (seed === undefined ? [] : totalsOf(seed)))
  const held = totals.windowMs.map((ms, row) =>
    [ms, ...totals.measures.map((merged) => (merged.kind === 'exact' ? merged.columns[0]![row] : null))].join(
      ' ',
    ),
  )
  const place = expected.findIndex((rows) => rows.join('\n') === held.join('\n'))
  expect(place, `the report holds neither run ${seeds.join(' nor ')}`).toBeGreaterThanOrEqual(0)
  return seeds[place]
}

function totalsOf(seed: number): string[] {
  const windows = new Map<number, { records: bigint; sum: bigint | null }>()
  for (const { windowMs, records, sum } of groupsOf(seed)) {
    const found = windows.get(windowMs) ?? { records: 0n, sum: null }
    const total = sum === null ? found.sum : (found.sum ?? 0n) + sum
    windows.set(windowMs, { records: found.records + BigInt(records), sum: total })
  }
  return [...windows].sort(([a], [b]) => a - b).map(([ms, { records, sum }]) => [ms, records, sum].join(' '))
}
