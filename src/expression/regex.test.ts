import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRegex } from './regex.ts'

/** Where JavaScript's own reading differs. */
const JAVASCRIPT: Readonly<Record<string, string>> = { '.': '[^\\n]', '\\s': '\\t\\n\\f\\r ' }

test.each([
  ['\\d', '[0-9]'],
  ['\\D', '[^0-9]'],
  ['\\w', '[0-9A-Z_a-z]'],
  ['\\s', '[\\x09\\x0a\\x0c\\x0d ]'],
  ['[\\d.]', '[\\.0-9]'],
  ['[^\\s]', '[^\\x09\\x0a\\x0c\\x0d ]'],
  ['[[:alpha:]]', '[A-Za-z]'],
  ['^a$', '\\Aa\\z'],
  ['\\Aa\\z', '\\Aa\\z'],
  ['.', '[^\\x0a]'],
  ['(?s).', '[\\x00-\\x{10ffff}]'],
  ['(?i)aé', '[Aa]\\x{e9}'],
  ['(?i:a)b', '[Aa]b'],
  ['((?i)a)b', '([Aa])b'],
  ['(?i)[^a]', '[^Aa]'],
  ['(?i)a(?-i)b', '[Aa]b'],
  ['(?P<n>a)(?<m>b)(c)', '(?P<n>a)(?P<m>b)(c)'],
  ['(?:ab)+?', '(?:ab)+?'],
  ['a{2}b{2,}c{0,1}d{0,}', 'a{2}b{2,}c?d*'],
  ['a|b|', 'a|b|'],
  ['x(?:a|b)', 'x(?:a|b)'],
  ['\\x41\\x{1F600}', 'A\\x{1f600}'],
  ['\\.\\-\\/', '\\.\\-/'],
  ['[]a]', '[\\]a]'],
  ['[a-]', '[\\-a]'],
  ['a{,2}', 'a\\{,2\\}'],
  ['', ''],
  ['^^(?:^)a', '\\Aa'],
  ['$^', '\\A\\z'],
])('%s is written %s, which means the same again', (pattern, normalised) => {
  const checked = checkRegex(pattern)
  expect(checked.problems).toEqual([])
  expect(checked.normalised).toBe(normalised)
  expect(checkRegex(normalised).normalised).toBe(normalised)
})

test.each([
  ['(a)\\1', 'backreferences', 3, 5],
  ['\\k<a>', 'backreferences', 0, 2],
  ['(?=a)', 'lookaround', 0, 3],
  ['a(?<!b)', 'lookaround', 1, 5],
  ['(?>a)', 'atomic', 0, 3],
  ['a++', 'possessive', 1, 3],
  ['a**', 'repeat of a repeat', 1, 3],
  ['\\bfoo', 'word boundaries', 0, 2],
  ['\\pL', 'Unicode classes', 0, 2],
  ['(?m)^a', 'the flag m', 0, 4],
  ['(?x)a', 'the flag x', 0, 4],
  ['a{1001}', '1000', 1, 7],
  ['(?:a{100}){11}', 'inside one another', 0, 14],
  ['a{3,2}', 'ascend', 1, 6],
  ['(a*)*', 'may be empty', 4, 5],
  ['(?:|a)+', 'may be empty', 6, 7],
  ['(?:^)*', 'may be empty', 5, 6],
  ['*a', 'nothing before', 0, 1],
  ['(a', 'never closed', 0, 1],
  ['a)', 'closes nothing', 1, 2],
  ['[a', 'never closed', 0, 1],
  ['[b-a]', 'ascend', 1, 4],
  ['[\\d-z]', 'ascend', 1, 5],
  ['[[:foo:]]', 'no class', 1, 8],
  ['a\\', 'single \\', 1, 2],
  ['\\q', 'no escape', 0, 2],
  ['a^b', 'before the start', 1, 2],
  ['a$b', 'after the end', 1, 2],
  ['(?<1a>x)', 'group name', 0, 3],
  ['(?<a>x)(?<a>y)', 'two groups', 7, 12],
  ['\\x{110000}', 'not the code', 0, 10],
  ['[a[b]', 'in brackets', 2, 3],
  ['a&&[b&&c]', 'in brackets', 5, 6],
  ['('.repeat(60) + ')'.repeat(60), 'nested more', 50, 51],
  ['a'.repeat(2001), 'longer than', 0, 2001],
  ['(?:[^a]{30}b){30}'.repeat(3), 'too large', 0, 51],
])('%s is refused for %s', (pattern, reason, start, end) => {
  const { normalised, problems } = checkRegex(pattern)
  expect(normalised).toBeUndefined()
  expect(problems).toHaveLength(1)
  expect(problems[0]!.message).toContain(reason)
  expect([problems[0]!.start, problems[0]!.end]).toEqual([start, end])
})

test('groups are named by their place', () => {
  expect(checkRegex('(?P<a>x)(y)(?:z)(?<b_1>w)').groupNames).toEqual(['a', '', 'b_1'])
})

test.each([
  ['a+', 0, true],
  ['a*', 0, false],
  ['x(a+)', 1, true],
  ['x(a*)', 1, false],
  ['x(a)?', 1, false],
  ['(a)|b', 1, false],
  ['((a)b){2}', 2, true],
])('%s: group %i never empty is %s', (pattern, group, never) => {
  expect(checkRegex(pattern).isNeverEmpty(group)).toBe(never)
})

describe('against the engines', () => {
  /** With what DuckDB's rewriting of simple patterns to like could trip over. */
  const likely = fc.constantFrom('a', 'b', '%', '_', '.*', '^', '$', '\\\\', '\\.')
  const rarer = fc.constantFrom('é', '.', '\\d', '[^a]', '[a-c]', '\\w', '[^\\d\\s]', '😀', '[é-ü]')
  const atom = fc.oneof(likely, rarer)
  const { pattern } = fc.letrec<Record<'pattern' | 'part', string>>((tie) => ({
    part: fc.oneof(
      { maxDepth: 3 },
      atom,
      fc.tuple(rarer, fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '+?', '*?')).map((p) => p.join('')),
      tie('pattern').map((text) => `(${text})`),
      tie('pattern').map((text) => `(?:(?:${text})b)?`),
      tie('pattern').map((text) => `(?:(?:${text})a)+`),
      fc.constantFrom('^', '$'),
    ),
    pattern: fc.oneof(
      { maxDepth: 3 },
      fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
      fc.tuple(tie('part'), tie('part')).map((parts) => parts.join('|')),
    ),
  }))
  const texts = [
    '',
    'a',
    'ab',
    'aé1',
    'bb\n',
    '\na',
    'abcab',
    '😀é',
    '12 a',
    'zzé',
    'aaaa',
    'b1b1a',
    '100%',
    'a_b',
    'a\\b',
    'a.b',
  ]

  test('what is accepted runs on RE2 and finds what JavaScript finds in the original', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const list = texts.map((text, n) => `(${n}, '${text}')`).join(', ')
    const property = fc.asyncProperty(pattern, async (text) => {
      const { normalised, unnamed, problems } = checkRegex(text)
      fc.pre(!problems.some(({ message }) => message.startsWith('nothing can come')))
      expect(problems).toEqual([])
      expect(unnamed).toBe(normalised)
      const sql = `SELECT regexp_matches(t, '${normalised}'), regexp_extract(t, '${normalised}', 0) FROM (VALUES ${list}) AS v(n, t) ORDER BY n`
      const found = (await connection.runAndReadAll(sql)).getRows()
      const regex = new RegExp(
        text.replace(/\\.|\./gs, (token) => JAVASCRIPT[token] ?? token),
        'u',
      )
      const expected = texts.map((each) => [regex.test(each), regex.exec(each)?.[0] ?? ''])
      expect(found, normalised).toEqual(expected)
    })
    await fc.assert(property, { numRuns: 500 })
  })

  test('the largest patterns that are accepted still compile', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const large = [
      '[^a]{1000}',
      '(?:[é-😀]{40}b){20}',
      `(?i)${'[^x]{200}y'.repeat(7)}`,
      '(?:(?:a{10}){10}){10}',
    ]
    for (const each of large) {
      const { normalised, problems } = checkRegex(each)
      expect(problems).toEqual([])
      await connection.run(`SELECT regexp_matches('aaaa', '${normalised}')`)
    }
  })
})
