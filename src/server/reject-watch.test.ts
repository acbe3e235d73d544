/** When rejected lines are worth a word, and that they are not told by turns. */
import { expect, it } from 'vitest'
import { RejectWatch } from './reject-watch.ts'

const rejects = (lines: number, ...reasons: string[]) => {
  return { lines, reasons: reasons.map((reason) => ({ reason, lines })) }
}

it('tells each reason of a source once', () => {
  const watch = new RejectWatch()
  expect(watch.note('web', 10, rejects(1, 'invalid_json'))).toEqual([
    { kind: 'first', source: 'web', reason: 'invalid_json', lines: 1 },
  ])
  expect(watch.note('web', 1, rejects(1, 'invalid_json'))).toEqual([])
  expect(watch.note('web', 1000, rejects(2, 'invalid_json', 'invalid_time'))).toMatchObject([
    { reason: 'invalid_time' },
  ])
  expect(watch.note('edge', 1, rejects(1, 'invalid_json'))).toMatchObject([{ source: 'edge' }])
})

it('tells a share above 5 %, once more above 50 %, and when it is small again', () => {
  const watch = new RejectWatch()
  const told = (lines: number, rejected: number) =>
    watch
      .note('web', lines, rejected > 0 ? rejects(rejected, 'x') : undefined)
      .flatMap((news) => (news.kind === 'share' ? [`${news.change} ${news.rejected}/${news.lines}`] : []))
  expect(told(100, 5)).toEqual([])
  expect(told(10, 1)).toEqual(['begins 6/110'])
  expect(told(100, 20)).toEqual([])
  expect(told(300, 290)).toEqual(['worse 316/510'])
  // Around the first level nothing is told by turns.
  expect(told(6000, 0)).toEqual([])
  expect(told(1000, 100)).toEqual([])
  expect(told(10_000, 0)).toEqual(['over 416/17510'])
  expect(told(100_000, 0)).toEqual([])
  // What came long ago weighs little.
  expect(told(1000, 900)).toEqual([expect.stringMatching(/^begins /)])
})

it('takes no share of a few lines', () => {
  const watch = new RejectWatch()
  expect(watch.note('web', 3, rejects(3, 'x'))).toHaveLength(1)
  expect(watch.note('web', 17, undefined)).toMatchObject([{ kind: 'share', change: 'begins' }])
})
