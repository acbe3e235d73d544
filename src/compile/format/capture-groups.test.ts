import { expect, it } from 'vitest'
import { keepGroups, namedGroups } from './capture-groups.ts'

it('numbers named groups among all capturing groups', () => {
  const regex = String.raw`(a)(?:b)(?P<x>c)\((?i:d)[()](?<y>e(f))[]()]\[(?P<z>[^](]g)(?s)[[:alpha:](]\\(h)`
  expect([...namedGroups(regex)]).toEqual([
    ['x', 2],
    ['y', 3],
    ['z', 5],
  ])
})

it('lets the first of two groups of one name count', () => {
  expect(namedGroups('(?P<x>a)|(?P<x>b)').get('x')).toBe(1)
})

it('drops names and the groups that are not wanted', () => {
  expect(keepGroups(String.raw`(a)(?P<x>b(c))(?:d)\(e[(]`, [2])).toBe(String.raw`(?:a)(b(?:c))(?:d)\(e[(]`)
  expect(keepGroups(String.raw`\Q(a)\E(b)\\(c)`, [1])).toBe(String.raw`\Q(a)\E(b)\\(?:c)`)
})
