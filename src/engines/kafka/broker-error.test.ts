/** Which answers of brokers are told as refusals that last, and with what advice. */
import { ProtocolError } from '@platformatic/kafka'
import { expect, it } from 'vitest'
import { lastingRefusal } from './broker-error.ts'

const PLACE = { brokers: 'k:9092', source: 'web', topic: 'm.web' }

it.each([
  ['MESSAGE_TOO_LARGE', undefined, /MESSAGE_TOO_LARGE.*Raise `max\.message\.bytes`/],
  ['TOPIC_AUTHORIZATION_FAILED', undefined, /Allow the user/],
  ['POLICY_VIOLATION', undefined, /Change the policy/],
  ['INVALID_TIMESTAMP', undefined, /Set the clock right/],
  ['UNKNOWN_SERVER_ERROR', 'Timestamp 1 of message with offset 0 is out of range', /Set the clock right/],
] as const)('tells %s as a refusal, and what to set', (code, serverErrorMessage, message) => {
  const answer = new ProtocolError(code, null, { serverErrorMessage })
  const refusal = lastingRefusal(new Error('it failed', { cause: answer }), PLACE)
  expect(refusal).toMatchObject({ code: 'LOG_REFUSED', message: expect.stringMatching(message) })
  expect(refusal?.message).not.toMatch(/can be reached|\{/)
})

it.each(['NOT_ENOUGH_REPLICAS', 'NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_SERVER_ERROR'])(
  'leaves %s, which may pass by itself',
  (code) => expect(lastingRefusal(new ProtocolError(code), PLACE)).toBeUndefined(),
)

it('leaves what no broker said', () => {
  expect(lastingRefusal(new Error('Timestamp 1 out of range'), PLACE)).toBeUndefined()
})
