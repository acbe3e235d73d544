/** Which blocks become one. */
import { describe, expect, it } from 'vitest'
import { findRun } from './compact-source.ts'

const blocksOf = (sizes: readonly number[]) =>
  sizes.map((fileBytes, index) => ({
    ...{ name: `${index}`, firstOffset: index, endOffset: index + 1 },
    ...{ rawBytes: 1, sha256: '', fileBytes },
  }))
const namesOf = (sizes: readonly number[]) => findRun(blocksOf(sizes), 100)?.map(({ name }) => name)

describe('findRun', () => {
  it('takes neighbours as long as they fit', () => {
    expect(namesOf([40, 40, 10, 40])).toEqual(['0', '1', '2'])
    expect(namesOf([80, 30, 30, 90])).toEqual(['1', '2'])
  })

  it('leaves big blocks, single ones, and runs that are still too small', () => {
    expect(namesOf([])).toBeUndefined()
    expect(namesOf([50, 50, 100, 120])).toBeUndefined()
    expect(namesOf([90, 40, 90])).toBeUndefined()
    expect(namesOf([10, 10, 10, 10])).toBeUndefined()
    expect(namesOf([10, 10, 10, 10, 10])).toEqual(['0', '1', '2', '3', '4'])
  })

  it('never joins blocks that lost lines lie between', () => {
    const [first, second, third] = blocksOf([40, 40, 40])
    const blocks = [first!, second!, { ...third!, firstOffset: 5, endOffset: 6 }]
    expect(findRun(blocks, 100)?.map(({ name }) => name)).toEqual(['0', '1'])
    expect(findRun(blocks.slice(1), 100)).toBeUndefined()
  })
})
