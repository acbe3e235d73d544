import { describe, expect, it } from 'vitest'
import { caseOfTrue } from './case-of-true.ts'

describe('CASE of TRUE', () => {
  it.each([
    ['CASE WHEN a THEN CASE WHEN b THEN 1 END END', 'CASE TRUE WHEN a THEN CASE TRUE WHEN b THEN 1 END END'],
    ['CASE x WHEN 1 THEN 2 END', 'CASE x WHEN 1 THEN 2 END'],
    ["a = 'CASE WHEN' AND b = '\\'CASE WHEN'", "a = 'CASE WHEN' AND b = '\\'CASE WHEN'"],
    ['"CASE WHEN" + `CASE WHEN` + LOWCASE WHEN', '"CASE WHEN" + `CASE WHEN` + LOWCASE WHEN'],
  ])('%s', (sql, expected) => {
    expect(caseOfTrue(sql)).toBe(expected)
  })
})
