import { describe, expect, it } from 'vitest'
import { caseAsIf } from './case-as-if.ts'

describe('CASE as if', () => {
  it.each([
    ['CASE WHEN a > 1 THEN b END', 'if(a > 1, b, NULL)'],
    ['x + CASE WHEN a THEN 1 ELSE 2 END * 3', 'x + if(a, 1, 2) * 3'],
    ['CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END', 'if(a, 1, if(b, 2, 3))'],
    ['f(CASE WHEN CASE WHEN a THEN b END THEN c ELSE d END)', 'f(if(if(a, b, NULL), c, d))'],
    [
      "CASE WHEN a = 'CASE WHEN \\' END' THEN `CASE` ELSE \"END\" END",
      "if(a = 'CASE WHEN \\' END', `CASE`, \"END\")",
    ],
    ['CASE x WHEN 1 THEN CASE WHEN a THEN b END END', 'CASE x WHEN 1 THEN if(a, b, NULL) ELSE NULL END'],
  ])('%s', (sql, expected) => {
    expect(caseAsIf(sql)).toBe(expected)
  })

  it('leaves many branches as they are, which would nest too deeply', () => {
    const many = `CASE ${'WHEN a THEN 1 '.repeat(5)}ELSE 2 END`
    expect(caseAsIf(many)).toBe(many)
  })

  it('does not take what has no end', () => {
    expect(() => caseAsIf('CASE WHEN a THEN b')).toThrow('no END')
  })
})
