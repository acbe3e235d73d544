/** Regular expressions: what engines read differently is read in one way. */
import { type Cell, jsonValues } from '../conformance-case.ts'

type Rows = readonly (readonly [members: string, expected: Cell])[]
const raw = String.raw

/** Does the pattern match somewhere? */
function matches(name: string, pattern: string, rows: Rows) {
  return jsonValues('regular expressions', name, `regexp_matches(s, ${quote(pattern)})`, rows)
}

function extracts(name: string, pattern: string, group: number | undefined, rows: Rows) {
  const place = group === undefined ? '' : `, ${group}`
  return jsonValues('regular expressions', name, `regexp_extract(s, ${quote(pattern)}${place})`, rows)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export const REGEX_CASES = [
  matches('found anywhere', 'b+', [
    ['"s":"abba"', 'true'],
    ['"s":"a"', 'false'],
    ['"s":""', 'false'],
    ['', null],
  ]),
  matches('$ is the end of the text', '^a$', [
    ['"s":"a"', 'true'],
    ['"s":"a\\n"', 'false'],
    ['"s":"a\\nb"', 'false'],
  ]),
  matches(raw`\A and \z`, raw`\Aa\z`, [
    ['"s":"a"', 'true'],
    ['"s":"a\\n"', 'false'],
    ['"s":"\\na"', 'false'],
  ]),
  matches('the dot takes all but a line feed', '^a.b$', [
    ['"s":"axb"', 'true'],
    ['"s":"a😀b"', 'true'],
    ['"s":"a\\rb"', 'true'],
    ['"s":"a\u2028b"', 'true'],
    ['"s":"a\u0085b"', 'true'],
    ['"s":"a\\nb"', 'false'],
  ]),
  matches('the dot under (?s)', '(?s)^a.b$', [
    ['"s":"a\\nb"', 'true'],
    ['"s":"ab"', 'false'],
  ]),
  matches('a negated set takes a line feed', '^a[^x]b$', [
    ['"s":"a\\nb"', 'true'],
    ['"s":"a😀b"', 'true'],
    ['"s":"axb"', 'false'],
  ]),
  matches(raw`\d is ASCII`, raw`^\d+$`, [
    ['"s":"0129"', 'true'],
    ['"s":"٣"', 'false'],
    ['"s":"２"', 'false'],
  ]),
  matches(raw`\w is ASCII`, raw`^\w+$`, [
    ['"s":"aZ_9"', 'true'],
    ['"s":"é"', 'false'],
    ['"s":"a-b"', 'false'],
  ]),
  matches(raw`\s is ASCII, without the vertical tab`, raw`^\s+$`, [
    ['"s":" \\t\\n\\f\\r"', 'true'],
    ['"s":"\\u000b"', 'false'],
    ['"s":"\u00a0"', 'false'],
    ['"s":"\u2003"', 'false'],
  ]),
  matches(raw`\D, \W and \S are the rest`, raw`^\D\W\S$`, [
    ['"s":"٣é\\u000b"', 'true'],
    ['"s":"1é!"', 'false'],
    ['"s":"aa!"', 'false'],
    ['"s":"aé "', 'false'],
  ]),
  matches('POSIX classes', '^[[:alpha:][:digit:]_]+[[:^space:]]$', [
    ['"s":"aZ9_!"', 'true'],
    ['"s":"é!"', 'false'],
    ['"s":"a "', 'false'],
  ]),
  matches('(?i) folds ASCII letters only', '(?i)^[a-z]é$', [
    ['"s":"Ké"', 'true'],
    ['"s":"ké"', 'true'],
    ['"s":"KÉ"', 'false'],
    ['"s":"\u212aé"', 'false'],
    ['"s":"\u017fé"', 'false'],
  ]),
  matches('flags of a group', 'a(?i:b)c(?i)d(?-i)e', [
    ['"s":"aBcDe"', 'true'],
    ['"s":"ABcde"', 'false'],
    ['"s":"abCde"', 'false'],
    ['"s":"abcdE"', 'false'],
  ]),
  matches('escapes of characters', raw`^\x41\x{1F600}\.\t\n\r\f\v\a$`, [
    ['"s":"A😀.\\t\\n\\r\\f\\u000b\\u0007"', 'true'],
    ['"s":"A😀x\\t\\n\\r\\f\\u000b\\u0007"', 'false'],
  ]),
  matches('marks inside brackets', raw`^[\]\\^.$*+?(){}|&#~-]+$`, [
    [raw`"s":"]\\^.$*+?(){}|&#~-"`, 'true'],
    ['"s":"a"', 'false'],
    ['"s":"["', 'false'],
  ]),
  matches('quotes, spaces and # are themselves', `^it's "a" #b$`, [
    [raw`"s":"it's \"a\" #b"`, 'true'],
    [raw`"s":"it's\"a\"#b"`, 'false'],
  ]),
  matches('a code point beyond 16 bits in a set', '^[😀-😂é]$', [
    ['"s":"😁"', 'true'],
    ['"s":"é"', 'true'],
    ['"s":"😃"', 'false'],
  ]),
  matches('counted repeats', '^a{2}b{1,}c{0,2}$', [
    ['"s":"aab"', 'true'],
    ['"s":"aabbcc"', 'true'],
    ['"s":"abcc"', 'false'],
    ['"s":"aabccc"', 'false'],
  ]),
  matches('the empty pattern', '^$', [
    ['"s":""', 'true'],
    ['"s":"\\n"', 'false'],
  ]),
  extracts('the longest and the shortest repeat', 'a{2,3}?b??', undefined, [
    ['"s":"xaaab"', 'aa'],
    ['"s":"aab"', 'aa'],
    ['"s":"a"', null],
  ]),
  extracts('the first alternative wins', 'a|ab|b', undefined, [
    ['"s":"ab"', 'a'],
    ['"s":"cb"', 'b'],
    ['"s":"c"', null],
  ]),
  extracts('no match is null, an empty one is not', 'b*', undefined, [
    ['"s":"bba"', 'bb'],
    ['"s":"abb"', ''],
    ['"s":""', ''],
    ['', null],
  ]),
  extracts('a group that took no part is empty', '(a)|(b)', 2, [
    ['"s":"a"', ''],
    ['"s":"b"', 'b'],
    ['"s":"c"', null],
  ]),
  extracts('named groups count as groups', '(?P<x>[a-z]+)-(?<y>[0-9]+)-(?:z)(w)', 3, [
    ['"s":"ab-12-zw"', 'w'],
    ['"s":"ab-12-w"', null],
  ]),
  extracts('a repeated group has its last text', '(?:(a|b)c?)+', 1, [
    ['"s":"xabcb"', 'b'],
    ['"s":"ba"', 'a'],
  ]),
  extracts('the match that comes first', '[0-9]+', undefined, [['"s":"a12b345"', '12']]),
]
