/** The conformance cases on the embedded engine and report, and the page that lists them. */
import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, expect, it } from 'vitest'
import { CASES } from './all-cases.ts'
import {
  isWriting,
  pageText,
  shareKept,
  staleCells,
  storedPage,
  writeColumn,
  wrongCases,
} from './check-page.ts'
import { judgeOutcome, type Verdict } from './judge-outcome.ts'
import { printPage, titleOf } from './page.ts'
import { conformanceEngine } from './run-cases.ts'

let verdicts: Verdict[] = []

beforeAll(async () => {
  const outcomes = await conformanceEngine('duckdb').run(CASES)
  verdicts = CASES.map((test, index) => judgeOutcome(test, outcomes[index]!))
  if (isWriting) writeColumn('duckdb', `DuckDB ${await version()}`, CASES, verdicts)
}, 300_000)

async function version(): Promise<string> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  return String((await connection.runAndReadAll('SELECT version()')).getRows()[0]![0])
}

it('every total is as the pages of the language demand', () => {
  expect(wrongCases(CASES, verdicts)).toEqual([])
})

it('at least 95 % of the cases are exact or bounded', () => {
  expect(shareKept(verdicts)).toBeGreaterThanOrEqual(0.95)
})

it('the page has every case and the cells that were found: npm run conformance -- --write', () => {
  expect(staleCells('duckdb', CASES, verdicts)).toEqual([])
  expect(pageText()).toBe(printPage(CASES, storedPage()))
})

it('there are 150 cases or more, each with a title of its own', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(150)
  expect(new Set(CASES.map(titleOf)).size).toBe(CASES.length)
})
