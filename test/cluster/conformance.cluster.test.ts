/** The conformance cases on Spark, all in one application, and its column of the page. */
import { beforeAll, expect, it } from 'vitest'
import { CASES } from '../conformance/all-cases.ts'
import { isWriting, shareKept, staleCells, writeColumn, wrongCases } from '../conformance/check-page.ts'
import type { ConformanceCase } from '../conformance/conformance-case.ts'
import { judgeOutcome, type Verdict } from '../conformance/judge-outcome.ts'
import { titleOf } from '../conformance/page.ts'
import { conformanceEngine, type Outcome } from '../conformance/run-cases.ts'
import { localSpark, SPARK_VERSION } from './local-spark.ts'
import { sample } from './sample.ts'

/** Parts of titles with `|` between them, to look at a few cases. */
const ONLY = process.env.MILLRACE_CASES?.split('|')
const cases: readonly ConformanceCase[] = ONLY
  ? CASES.filter((test) => ONLY.some((part) => titleOf(test).includes(part)))
  : sample('conformance cases on Spark', CASES)

let outcomes: Outcome[] = []
let verdicts: Verdict[] = []

beforeAll(async () => {
  outcomes = await conformanceEngine('spark', { openEngine: localSpark() }).run(cases)
  verdicts = cases.map((test, index) => judgeOutcome(test, outcomes[index]!))
  if (isWriting) writeColumn('spark', `Spark ${SPARK_VERSION}`, cases, verdicts)
}, 3_600_000)

it('Spark: every total is as the pages of the language demand', () => {
  expect(wrongCases(cases, verdicts)).toEqual([])
})

it('Spark: at least 95 % of the cases are exact or bounded', () => {
  expect(shareKept(verdicts)).toBeGreaterThanOrEqual(0.95)
})

it('Spark: sketches are those of the embedded engine to the last digit', async () => {
  const isSketch = ({ bound }: ConformanceCase) => bound?.kind === 'sketch'
  const embedded = await conformanceEngine('duckdb').run(cases.filter(isSketch))
  expect(outcomes.filter((_, index) => isSketch(cases[index]!))).toEqual(embedded)
})

it('Spark: the page has the cells that were found: npm run conformance -- --spark --write', () => {
  expect(staleCells('spark', cases, verdicts)).toEqual([])
})
