/** Which repeats Java may run as loops, and which patterns it cannot run. */
import { describe, expect, it, test } from 'vitest'
import { MillraceError } from '../core/error.ts'
import { javaRegex } from './java-regex.ts'

describe('javaRegex', () => {
  test.each([
    ['a*b', 'a*+b'],
    ['.*b', '[^\\x0a]*b'],
    ['[a-z]{2,}[0-9]', '[a-z]{2,}+[0-9]'],
    ['a{3}b', 'a{3}b'],
    ['a*?b', 'a*?b'],
    ['"(?:[^"\\\\]|\\\\.)*"', '"(?:[^"\\\\]|\\\\[^\\x0a])*+"'],
    ['"(?:[^"]|"")*"(?:,|$)', '"(?:[^"]|"")*+"(?:,|\\z)'],
    ['(\\d+,)*\\d+x', '([0-9]++,)*+[0-9]++x'],
    ['^(?:[a-z]+\\.)*[a-z]+$', '\\A(?:[a-z]++\\.)*+[a-z]++\\z'],
    ['^(?:\\[[^\\]]*\\] )*(.*)$', '\\A(?:\\[[^\\]]*+\\] )*+([^\\x0a]*+)\\z'],
    ['(?:(\\w+) )*([^ ]*)(!)?$', '(?:([0-9A-Z_a-z]++) )*+([^ ]*)(!)?\\z'],
    ['(?:a|ab)*', '(?:a|ab)*+'],
    ['(?:ab){1,3}b', '(?:ab){1,3}+b'],
    ['(?:a|ab){1,3}c', '(?:a|ab){1,3}c'],
    ['(?P<n>x)?y', '(x)?y'],
  ])('prints %s as %s', (pattern, expected) => {
    expect(javaRegex(pattern)).toBe(expected)
  })

  it.each([
    '(a|ab)*c',
    '(?:[a-z]+ ?)+$',
    '(?:a+)+b',
    '(?:[a-z]+\\.)*[a-z]+',
    '^(?:a|ab)*$',
    '(?:ab){0,201}abc',
  ])('refuses %s', (pattern) => {
    expect(() => javaRegex(pattern)).toThrow(MillraceError)
  })
})
