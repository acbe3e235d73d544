/** docs/definitions.md: its examples load, and its table lists exactly the codes there are. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DIAGNOSTIC_TABLE } from './diagnostic-table.ts'
import { checkText } from './load-definition.ts'
import { keysAt } from './schema-walk.ts'

const PAGE = readFileSync('docs/definitions.md', 'utf8')

test('every example of YAML is a definition', () => {
  const examples = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!)
  expect(examples.length).toBeGreaterThanOrEqual(3)
  for (const example of examples) expect(checkText(example, 'x').diagnostics).toEqual([])
})

test('the table of diagnostics is complete and has no code too many', () => {
  const listed = [...PAGE.matchAll(/^\| `(DEFINE_\w+)` \|/gm)].map((match) => match[1])
  expect(listed).toEqual(Object.keys(DIAGNOSTIC_TABLE))
})

test('every key is on the page', () => {
  const paths = [[], ['archive'], ['sources', 'x'], ['sources', 'x', 'time'], ['metrics', 'x']]
  const nested = [
    ['sources', 'x', 'format', 'csv'],
    ['sources', 'x', 'format'],
    ['metrics', 'x', 'measures', 'y'],
  ]
  const keys = [...paths, ...nested].flatMap((path) => keysAt(path))
  expect(keys.length).toBeGreaterThan(20)
  for (const key of keys) expect(PAGE).toMatch(new RegExp(`\\b${key}\\b`))
})
