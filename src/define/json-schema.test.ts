/** The shipped JSON Schema: up to date, a schema at all, right about definitions, and explained key by key. */
import Ajv2020 from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { DESIGN_EXAMPLE } from './fixtures/design-example.ts'
import { definitionJsonSchema } from './json-schema.ts'

const validate = new Ajv2020.default({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(definitionJsonSchema()),
)

test('schema/millrace.schema.json is what the definition schema says (vitest -u writes it)', async () => {
  await expect(definitionJsonSchema()).toMatchFileSnapshot('../../schema/millrace.schema.json')
})

test('accepts the example of the design', () => {
  expect(validate(parse(DESIGN_EXAMPLE)), JSON.stringify(validate.errors)).toBe(true)
})

test.each([
  ['a misspelt key', 'window:', 'windwo:'],
  ['a misspelt key of a source', 'format:', 'fromat:'],
  ['an unknown type', 'decimal(3)', 'decimal(19)'],
  ['a duration without a unit', 'window: 1m', 'window: 60'],
  ['a name with a quote', 'requests: count()', '"re\'quests": count()'],
])('rejects %s', (_what, from, to) => {
  expect(DESIGN_EXAMPLE).toContain(from)
  expect(validate(parse(DESIGN_EXAMPLE.replace(from, to)))).toBe(false)
})

test('every key has a description', () => {
  const bare: string[] = []
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    const { properties } = node as { properties?: Record<string, object> }
    for (const [key, schema] of Object.entries(properties ?? {}))
      if (!('description' in schema)) bare.push(`${path}.${key}`)
    for (const [key, child] of Object.entries(node)) visit(child, `${path}/${key}`)
  }
  visit(JSON.parse(definitionJsonSchema()), '')
  expect(bare).toEqual([])
})
