/** A topic that deletes records before the archive has their lines is told of; one that keeps them is not. */
import { expect, it } from 'vitest'
import { describeKeeping } from './topic-keeping.ts'

const told = (isDoor: boolean, settings: Record<string, string>) =>
  describeKeeping({ topic: 't', isDoor, settings: new Map(Object.entries(settings)) })

it('tells of any limit on a topic of the door, which needs none', () => {
  expect(told(true, { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' })).toBe(
    undefined,
  )
  expect(told(true, { 'retention.ms': '604800000' })).toContain(
    'after 7d (retention.ms), whether the archive has',
  )
  expect(told(true, { 'retention.ms': '-1', 'retention.bytes': '5000' })).toContain('beyond 5000 bytes')
})

it('tells of limits on a topic of others that a day off would pass, and of compaction', () => {
  expect(told(false, { 'retention.ms': '604800000', 'retention.bytes': '-1' })).toBe(undefined)
  expect(told(false, { 'retention.ms': '3600000', 'retention.bytes': '1000' })).toContain(
    'after 1h (retention.ms) and beyond 1000 bytes of a partition (retention.bytes)',
  )
  expect(told(false, { 'cleanup.policy': 'compact,delete' })).toContain('is compacted')
  // Where we may not see the settings nothing is known.
  expect(told(false, {})).toBe(undefined)
})
