/** That the cases leave nothing out: every function, operator, format, layout, aggregate, type and rejection. */
import { expect, it } from 'vitest'
import { AGGREGATES } from '../../src/core/aggregate/registry.ts'
import type { Definition } from '../../src/core/definition.ts'
import type { Expr } from '../../src/core/expr.ts'
import { LAYOUT_NAMES } from '../../src/define/strptime-layout.ts'
import { FUNCTIONS } from '../../src/expression/function-table.ts'
import { CASES } from './all-cases.ts'
import { defineCases } from './run-cases.ts'
import { shareSources } from './share-sources.ts'

const places = CASES.map((_, place) => place)
const definition: Definition = defineCases(CASES, shareSources(CASES, places, new Set()))
const metrics = [...definition.metrics.values()]
const sources = [...definition.sources.values()]
const expressions = metrics.flatMap(({ where, dimensions, measures }) => [
  ...(where ? [where] : []),
  ...dimensions.map(({ expr }) => expr),
  ...measures.flatMap(({ call }) => call.argument ?? []),
])
const nodes = expressions.flatMap(nodesOf)

function nodesOf(expr: Expr): Expr[] {
  const parts = Object.values(expr).flatMap((value): Expr[] => {
    if (Array.isArray(value))
      return value.flatMap((each) => ('when' in each ? [each.when, each.then] : [each]))
    return typeof value === 'object' && value !== null && 'node' in value ? [value as Expr] : []
  })
  return [expr, ...parts.flatMap(nodesOf)]
}

/** What of `all` does not occur. */
function missing(all: Iterable<string>, found: Iterable<string>): string[] {
  const known = new Set(found)
  return [...all].filter((each) => !known.has(each))
}

it('every function', () => {
  const names = nodes.flatMap((node) => (node.node === 'call' ? [node.fn] : []))
  expect(missing(FUNCTIONS.keys(), names)).toEqual([])
})

it('every kind of expression', () => {
  const kinds: Expr['node'][] = [
    ...(['field', 'event_time', 'literal', 'not', 'negate', 'logic', 'compare'] as const),
    ...(['arithmetic', 'is_null', 'in', 'like', 'case', 'call', 'convert'] as const),
  ]
  const found = nodes.map(({ node }) => node)
  expect(missing(kinds, found)).toEqual([])
})

it('every operator, arithmetic of every type', () => {
  const found = nodes.flatMap((node) => {
    if (node.node === 'arithmetic') return [`${node.operator} ${node.type.kind}`]
    if (node.node === 'compare') return [`${node.operator} ${node.left.type.kind}`]
    if (node.node === 'negate') return [`- ${node.type.kind}`]
    if ('negated' in node) return [`${node.negated ? 'not ' : ''}${node.node}`]
    return node.node === 'logic' ? [node.operator] : []
  })
  const arithmetic = ['integer', 'decimal', 'float'].flatMap((type) =>
    ['+', '-', '*', '/', '%'].map((operator) => `${operator} ${type}`),
  )
  const comparison = ['=', '<>', '<', '<=', '>', '>='].map((operator) => `${operator} integer`)
  const types = ['string', 'boolean', 'decimal', 'float'].flatMap((type) => [`= ${type}`, `< ${type}`])
  const others = ['and', 'or', 'is_null', 'not is_null', 'in', 'not in', 'like', 'not like']
  expect(missing([...arithmetic, ...comparison, ...types, ...others], found)).toEqual([])
})

it('every format', () => {
  const found = sources.map(({ format }) =>
    format.kind === 'csv' ? `${format.delimiter === '\t' ? 'tsv' : 'csv'} ${format.header}` : format.kind,
  )
  const all = ['json', 'logfmt', 'combined', 'common', 'csv true', 'csv false', 'tsv true', 'pattern']
  expect(missing(all, found)).toEqual([])
})

it('every time layout and every directive', () => {
  const layouts = sources.map(({ time }) => time.layout)
  const found = layouts.flatMap((layout) =>
    layout.kind === 'strptime' ? layout.format.match(/%-?./g)! : layout.kind,
  )
  const directives = [...'YymdHMSIpjbBaAfzZe%'].map((letter) => `%${letter}`)
  expect(missing([...LAYOUT_NAMES, ...directives, '%-d'], found)).toEqual([])
  expect(
    missing(
      ['UTC', 'Europe/Berlin', '-03:30'],
      sources.map(({ time }) => time.zone),
    ),
  ).toEqual([])
})

it('every aggregate of every type that it takes', () => {
  const found = metrics.flatMap(({ measures }) =>
    measures.map(({ call }) => `${call.aggregate} ${call.argument?.type.kind ?? ''}`.trim()),
  )
  expect(
    missing(
      Object.keys(AGGREGATES),
      found.map((text) => text.split(' ')[0]!),
    ),
  ).toEqual([])
  const numbers = ['sum', 'min', 'max', 'mean'].flatMap((name) =>
    ['integer', 'decimal', 'float'].map((type) => `${name} ${type}`),
  )
  const others = ['count', 'count boolean', 'quantiles integer', 'quantiles decimal']
  const distinct = ['string', 'boolean', 'integer', 'decimal'].map((type) => `distinct ${type}`)
  expect(missing([...numbers, ...others, ...distinct], found)).toEqual([])
})

it('every type of a field', () => {
  const found = sources.flatMap(({ fields }) => fields.map(({ type }) => type.kind))
  expect(missing(['string', 'boolean', 'integer', 'decimal', 'float'], found)).toEqual([])
})

it('every reason of a rejection', () => {
  const found = CASES.flatMap(({ rejects }) => rejects.map((text) => text.split(' ')[1]!))
  const lines = ['empty_line', 'line_too_long', 'invalid_utf8', 'nul_byte', 'invalid_json', 'not_an_object']
  const records = ['no_match', 'missing_time', 'invalid_time', 'invalid_field', 'dimension_too_long']
  expect(missing([...lines, ...records], found)).toEqual([])
})
