/** The words that the types know are exactly those of the expression language. */
import { expect, test } from 'vitest'
import { AGGREGATE_NAMES, FUNCTIONS } from '../expression/function-table.ts'
import { ProblemList } from '../expression/problem.ts'
import { tokenize } from '../expression/tokenizer.ts'
import type { LanguageWord } from './config-names.ts'

const WORDS = [
  ...(['and', 'or', 'not', 'in', 'between', 'like', 'is', 'null', 'true', 'false'] as const),
  ...(['case', 'when', 'then', 'else', 'end'] as const),
  ...(['count', 'sum', 'min', 'max', 'mean', 'quantiles', 'distinct'] as const),
  ...(['abs', 'coalesce', 'concat', 'greatest', 'least', 'length', 'lower', 'substring'] as const),
  ...(['trim', 'upper', 'regexp_extract', 'regexp_matches'] as const),
  ...(['year', 'month', 'day', 'hour', 'minute', 'second', 'day_of_week'] as const),
]
/** The compiler refuses these lines when the list lacks a word of the type, or has one too many. */
const isComplete: [LanguageWord] extends [(typeof WORDS)[number]] ? true : false = true
const isKnown: [(typeof WORDS)[number]] extends [LanguageWord] ? true : false = true

test('types and tables name the same words', () => {
  expect(isComplete && isKnown).toBe(true)
  const keywords = WORDS.filter((word) => tokenize(word, new ProblemList())[0]?.kind === 'keyword')
  const known: string[] = [...keywords, ...AGGREGATE_NAMES, ...FUNCTIONS.keys()]
  expect([...WORDS].sort()).toEqual(known.sort())
})
