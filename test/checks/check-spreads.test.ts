/** The check that no data's length decides how many arguments a call has: what it finds, and what it lets be. */
import { expect, it } from 'vitest'

const { findSpreads }: { findSpreads(text: string): number[] } = await import(
  new URL('../../scripts/check-spreads.mjs', import.meta.url).href
)

it.each([
  'const least = Math.min(...starts)',
  'list.push(first, ...(await read()))',
  'list.push(...found.map((one) => one.name))',
  'new Set(...parts)',
  'String.fromCharCode(...codes)',
  'Math.max.apply(null, starts)',
  'Reflect.apply(push, list, items)',
  'const all = [...a, Math.max(...b)]',
  'f(...[1, ...items])',
  'const g = (items) => f(...items)',
])('finds %s', (line) => {
  expect(findSpreads(`const before = 1\n${line}\n`)).toEqual([2])
})

it.each([
  'const all = [...a, ...b]',
  'const both = { ...a, ...b }',
  'const g = (...items) => f(...items)',
  'f(...[1, 2])',
  'f(...(isOdd ? [1] : []))',
  'f([...items])',
  'f({ ...options })',
  '// bounded: a week has seven\nf(...days)',
  'f(...days) // bounded: a week has seven',
])('lets %s be', (text) => {
  expect(findSpreads(text)).toEqual([])
})

it('takes no remark for a bound that stands elsewhere or gives none', () => {
  expect(findSpreads('// bounded: seven\nconst a = 1\nf(...days)')).toEqual([3])
  expect(findSpreads('// bounded:\nf(...days)')).toEqual([2])
})
