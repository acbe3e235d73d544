/** Escapes and named classes of regular expressions, as ASCII sets. */
import { negateRanges, type Ranges } from './regex-node.ts'

const DIGIT: Ranges = [[0x30, 0x39]]
const WORD: Ranges = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
/** Tab, newline, form feed, carriage return, space; RE2 leaves out the vertical tab. */
const SPACE: Ranges = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
]

/** `\d` and the like. */
export const CLASS_ESCAPES: ReadonlyMap<string, Ranges> = new Map([
  ['d', DIGIT],
  ['D', negateRanges(DIGIT)],
  ['w', WORD],
  ['W', negateRanges(WORD)],
  ['s', SPACE],
  ['S', negateRanges(SPACE)],
])

export const CONTROL_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
])

/** `[[:alpha:]]` and the like. */
export const POSIX_CLASSES: ReadonlyMap<string, Ranges> = new Map<string, Ranges>([
  [
    'alnum',
    [
      [0x30, 0x39],
      [0x41, 0x5a],
      [0x61, 0x7a],
    ],
  ],
  [
    'alpha',
    [
      [0x41, 0x5a],
      [0x61, 0x7a],
    ],
  ],
  ['ascii', [[0x00, 0x7f]]],
  [
    'blank',
    [
      [0x09, 0x09],
      [0x20, 0x20],
    ],
  ],
  [
    'cntrl',
    [
      [0x00, 0x1f],
      [0x7f, 0x7f],
    ],
  ],
  ['digit', DIGIT],
  ['graph', [[0x21, 0x7e]]],
  ['lower', [[0x61, 0x7a]]],
  ['print', [[0x20, 0x7e]]],
  [
    'punct',
    [
      [0x21, 0x2f],
      [0x3a, 0x40],
      [0x5b, 0x60],
      [0x7b, 0x7e],
    ],
  ],
  [
    'space',
    [
      [0x09, 0x0d],
      [0x20, 0x20],
    ],
  ],
  ['upper', [[0x41, 0x5a]]],
  ['word', WORD],
  [
    'xdigit',
    [
      [0x30, 0x39],
      [0x41, 0x46],
      [0x61, 0x66],
    ],
  ],
])

/** Escapes that other dialects have, with what to tell who uses them. */
export const REFUSED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', 'word boundaries are not part of the language'],
  ['B', 'word boundaries are not part of the language'],
  ['p', 'Unicode classes are not part of the language'],
  ['P', 'Unicode classes are not part of the language'],
  ['k', 'backreferences are not part of the language'],
  ['Q', 'quoting by \\Q is not part of the language'],
  ['Z', '\\Z is not part of the language; write \\z or $'],
  ['G', '\\G is not part of the language'],
  ['C', '\\C is not part of the language'],
  ['X', '\\X is not part of the language'],
  ['R', '\\R is not part of the language'],
  ['h', '\\h is not part of the language; write [ \\t] or [0-9a-f]'],
])
