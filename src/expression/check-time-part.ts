/** How year(ts), hour(ts) and the other parts of the event time are checked. */
import { integer, type Signature } from './check-call.ts'

/** Name → the largest absolute value it can give. */
export const TIME_PARTS: ReadonlyMap<string, number> = new Map([
  ['year', 999_999],
  ['month', 12],
  ['day', 31],
  ['hour', 23],
  ['minute', 59],
  ['second', 59],
  ['day_of_week', 7],
])

export const timePart: Signature = {
  least: 1,
  most: 1,
  check: (context, syntax) => {
    const argument = syntax.args[0]!
    const { eventTime } = context.scope
    if (argument.kind === 'name' && eventTime === undefined && context.scope.isUnjudged) return undefined
    if (argument.kind !== 'name' || argument.name !== eventTime) {
      const which = eventTime === undefined ? '' : ` (${eventTime})`
      return context.fail('NOT_EVENT_TIME', argument, { name: syntax.name, which })
    }
    const args = [{ node: 'event_time', type: { kind: 'timestamp' } }] as const
    const type = integer(BigInt(TIME_PARTS.get(syntax.name)!))
    return { node: 'call', fn: syntax.name, args, type }
  },
}
