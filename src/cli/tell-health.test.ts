/** What the server's log says of its health, and how often. */
import { expect, it } from 'vitest'
import type { Fault, Health } from '../core/health.ts'
import { healthTeller } from './tell-health.ts'

const health = (...faults: Fault[]): Health => ({ faults, sources: [] })
const away = (cause: string): Fault => {
  return { code: 'STREAM_FAILED', source: 'web', cause, message: `The stream of web cannot go on: ${cause}` }
}

it('tells a fault when it begins, when its reason changes, each hour, and when it is over', () => {
  const tell = healthTeller()
  expect(tell(health(), 0)).toEqual([])
  expect(tell(health(away('a')), 500)).toEqual(['The stream of web cannot go on: a'])
  expect(tell(health(away('a')), 1000)).toEqual([])
  expect(tell(health(away('b')), 1500)).toEqual(['The stream of web cannot go on: b'])
  expect(tell(health(away('b')), 3_601_600)).toEqual(['The stream of web cannot go on: b'])
  expect(tell(health(), 3_602_000)).toEqual([])
  expect(tell(health(), 3_604_600)).toEqual(['The stream of web goes on.'])
  expect(tell(health(), 3_700_000)).toEqual([])
})

it('says once what comes and goes with each attempt', () => {
  const tell = healthTeller()
  const said = Array.from({ length: 20 }, (_, turn) =>
    tell(turn % 3 ? health() : health(away('a')), turn * 500),
  )
  expect(said.flat()).toEqual(['The stream of web cannot go on: a'])
})

it('does not repeat an age that grows', () => {
  const tell = healthTeller()
  const wait = (age: string): Fault => ({ code: 'LINES_WAIT', source: 'web', message: `for ${age}` })
  expect(tell(health(wait('3 min')), 0)).toEqual(['for 3 min'])
  expect(tell(health(wait('4 min')), 60_000)).toEqual([])
})
