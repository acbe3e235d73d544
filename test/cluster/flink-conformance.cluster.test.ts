/** The conformance cases by the SQL of a Flink job, and its column of the page. */
import { beforeAll, expect, it } from 'vitest'
import { CASES } from '../conformance/all-cases.ts'
import { isWriting, shareKept, staleCells, writeColumn, wrongCases } from '../conformance/check-page.ts'
import type { ConformanceCase } from '../conformance/conformance-case.ts'
import { judgeOutcome, type Verdict } from '../conformance/judge-outcome.ts'
import { titleOf } from '../conformance/page.ts'
import { conformanceEngine, type Outcome } from '../conformance/run-cases.ts'
import { FlinkRowsEngine, seen } from './flink-rows-engine.ts'
import { sample } from './sample.ts'

const VERSION = '2.2.1'
/** Parts of titles with `|` between them, to look at a few cases. */
const ONLY = process.env.MILLRACE_CASES?.split('|')
const cases: readonly ConformanceCase[] = ONLY
  ? CASES.filter((test) => ONLY.some((part) => titleOf(test).includes(part)))
  : sample('conformance cases on Flink', CASES)

const AT_ONCE = 60
const outcomes: Outcome[] = []
let verdicts: Verdict[] = []

beforeAll(async () => {
  const engine = conformanceEngine('flink', {
    openEngine: async () => new FlinkRowsEngine(),
    isAlone: true,
  })
  // Each case is a source: one report would hold some hundred of them at once.
  for (let from = 0; from < cases.length; from += AT_ONCE)
    outcomes.push(...(await engine.run(cases.slice(from, from + AT_ONCE))))
  verdicts = cases.map((test, index) => judgeOutcome(test, outcomes[index]!))
  if (isWriting) writeColumn('flink', `Flink ${VERSION}`, cases, verdicts)
  console.log(`Flink: ${JSON.stringify(seen)}`)
}, 1_800_000)

it('Flink: every total is as the pages of the language demand', () => {
  expect(wrongCases(cases, verdicts)).toEqual([])
})

it('Flink: at least 95 % of the cases are exact or bounded', () => {
  expect(shareKept(verdicts)).toBeGreaterThanOrEqual(0.95)
})

it('Flink: sketches are those of the embedded engine to the last digit', async () => {
  const isSketch = ({ bound }: ConformanceCase) => bound?.kind === 'sketch'
  const embedded = await conformanceEngine('duckdb').run(cases.filter(isSketch))
  expect(outcomes.filter((_, index) => isSketch(cases[index]!))).toEqual(embedded)
})

it('Flink: the page has the cells that were found: npm run conformance -- --flink --write', () => {
  expect(staleCells('flink', cases, verdicts)).toEqual([])
})
