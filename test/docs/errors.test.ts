/** The error table and its page say the same, both ways. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ERROR_TABLE } from '../../src/core/error-table.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [code = '', , text = ''] = section.split('\n')
      return [code, text]
    }),
)

it('lists each error of the table with its text and exit status', () => {
  const missing = Object.entries(ERROR_TABLE).filter(
    ([code, { exit, text }]) => sections.get(code) !== `Exit status ${exit}. ${text}`,
  )
  expect(
    missing.map(([code]) => code),
    'run `npm run docs`',
  ).toEqual([])
})

it('lists no error that the table does not have', () => {
  expect([...sections.keys()].filter((code) => !Object.hasOwn(ERROR_TABLE, code))).toEqual([])
})

it('keeps the codes of a stage together and in alphabetical order', () => {
  const stages = Object.keys(ERROR_TABLE).map((code) => code.split('_')[0]!)
  for (const stage of new Set(stages)) {
    const first = stages.indexOf(stage)
    const codes = Object.keys(ERROR_TABLE).slice(first, stages.lastIndexOf(stage) + 1)
    expect(codes).toEqual(codes.filter((code) => code.startsWith(`${stage}_`)).sort())
  }
})

it('has no code that nothing throws', () => {
  const src = fileURLToPath(new URL('../../src', import.meta.url))
  const text = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|^core\/errors\//.test(name))
    .map((name) => readFileSync(`${src}/${name}`, 'utf8'))
    .join('')
  expect(Object.keys(ERROR_TABLE).filter((code) => !text.includes(`'${code}'`))).toEqual([])
})
