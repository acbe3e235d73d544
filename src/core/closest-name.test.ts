import { expect, test } from 'vitest'
import { closestName } from './closest-name.ts'

test.each([
  ['staus', ['status', 'state'], 'status'],
  ['Duration_MS', ['duration_ms'], 'duration_ms'],
  ['pth', ['path', 'bytes'], 'path'],
  ['ab', ['ba'], 'ba'],
  ['user', ['path', 'bytes'], undefined],
  ['x', [], undefined],
  ['__proto__', ['proto'], undefined],
])('%s among %j is %s', (name, known, nearest) => {
  expect(closestName(name, known)).toBe(nearest)
})
