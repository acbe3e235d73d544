/** Every rule of meaning holds in the dialect, and dropping any one of them is seen by some case. */
import { describe, expect, it } from 'vitest'
import { duckdbDialect } from '../../src/engines/duckdb/dialect.ts'
import { EXPRESSION_CASES } from './expression-cases.ts'
import { MUTANTS } from './mutant-dialects.ts'
import { PARSE_CASES, type RuleCase } from './rule-cases.ts'
import { failuresOf, tallyFailures } from './run-cases.ts'
import { TALLY_CASES } from './tally-cases.ts'

const LONG: RuleCase = {
  rule: 'a dimension has at most 1 KiB',
  value: 's',
  lines: [
    [`{"ts":TS,"s":"${'é'.repeat(513)}"}`, '!long'],
    [`{"ts":TS,"s":"${'é'.repeat(512)}"}`, 'é'.repeat(512)],
  ],
}
const CASES = [...PARSE_CASES, ...EXPRESSION_CASES, LONG]

describe('the dialect keeps every rule', () => {
  it.each(CASES.map((test) => [test.rule, test] as const))('%s', async (_, test) => {
    expect(await failuresOf(duckdbDialect, test)).toEqual([])
  })

  it.each(TALLY_CASES.map((test) => [test.rule, test] as const))('%s', async (_, test) => {
    expect(await tallyFailures(duckdbDialect, test)).toEqual([])
  })
})

describe('a case catches each mutant', () => {
  it.each(Object.entries(MUTANTS))('%s', async (_, mutant) => {
    expect(await isCaught(mutant), 'no case sees the difference').toBe(true)
  })
})

async function isCaught(mutant: typeof duckdbDialect): Promise<boolean> {
  for (const test of CASES) if ((await failuresOf(mutant, test)).length > 0) return true
  for (const test of TALLY_CASES) if ((await tallyFailures(mutant, test)).length > 0) return true
  return false
}
