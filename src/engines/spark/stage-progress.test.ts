import { expect, it } from 'vitest'
import { StageProgress } from './stage-progress.ts'

const stage = (description: string, inputRecords: number, status = 'ACTIVE') => ({
  description,
  inputRecords,
  status,
})
const parse = (index: number) => `\nCACHE TABLE parsed_${index} OPTIONS (x) AS SELECT f0 FROM lines_${index}`
const tally = (index: number) => `INSERT OVERWRITE DIRECTORY 'x' SELECT * FROM parsed_${index}`

it('counts the lines of the parse, source by source', () => {
  const progress = new StageProgress([
    ['web', 100],
    ['edge', 50],
  ])
  expect(progress.hear([])).toEqual({ source: 'web', linesRead: 0 })
  expect(progress.hear([stage(parse(0), 40)])).toEqual({ source: 'web', linesRead: 40 })
  expect(progress.hear([stage(tally(0), 3)])).toEqual({ source: 'web', linesRead: 100 })
  expect(progress.hear([stage(parse(1), 10)])).toEqual({ source: 'edge', linesRead: 10 })
  expect(progress.hear([stage(tally(0), 3)])).toBeUndefined()
})

it('never falls and never passes the lines there are', () => {
  const progress = new StageProgress([['web', 100]])
  expect(progress.hear([stage(parse(0), 60)])?.linesRead).toBe(60)
  expect(progress.hear([stage(parse(0), 20)])).toBeUndefined()
  expect(progress.hear([stage(parse(0), 140)])?.linesRead).toBe(100)
})

it('passes over what is done or is not of a source', () => {
  const progress = new StageProgress([['web', 100]])
  progress.hear([])
  expect(progress.hear([stage(parse(0), 60, 'COMPLETE'), stage('SELECT 1', 50)])?.linesRead).toBe(0)
  expect(progress.hear([{ status: 'ACTIVE', inputRecords: 5 }])?.linesRead).toBe(0)
})

it('has nothing to tell without sources', () => {
  expect(new StageProgress([]).hear([stage(parse(0), 5)])).toBeUndefined()
})
