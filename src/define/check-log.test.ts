/** The log of a definition: its adapter, a login, and topics that are read as sources. */
import { expect, it } from 'vitest'
import { checkText } from './load-definition.ts'

const check = (log: string, from = '') =>
  checkText(`sources:\n  web: { ${from}format: json, time: ts }\n${log}`, '/etc/m.yaml')
const codesOf = (log: string, from?: string) => check(log, from).diagnostics.map(({ code }) => code)

it('reads the brokers, the options with their paths, and a topic with what holds where nothing is said', () => {
  const { definition } = check(
    'log: { kafka: "a:9092,b:9093", sasl: plain, user: u, password_file: pw, ca: /ca.pem }',
    'from: { kafka: logs }, ',
  )
  expect(definition?.log.adapter).toEqual({
    adapter: 'kafka',
    address: 'a:9092,b:9093',
    options: { sasl: 'plain', user: 'u', password_file: '/etc/pw', ca: '/ca.pem' },
  })
  const source = definition?.sources.get('web')
  expect(source?.from).toEqual({ topic: 'logs', start: 'earliest', observed: 'topic' })
  expect(check('').definition?.log).toEqual({})
})

it.each([
  ['log: { kafka: broker }', 'DEFINE_BAD_BROKERS'],
  ['log: { kafka: "a:1", topic_prefix: "a/b" }', 'DEFINE_BAD_TOPIC'],
  ['log: { kafka: "a:1", retention: 1y }', 'DEFINE_BAD_DURATION'],
  ['log: { topic_prefix: x }', 'DEFINE_OPTION_WITHOUT_ADAPTER'],
  ['log: { kafka: "a:1", user: u }', 'DEFINE_PASSWORD_WITHOUT_LOGIN'],
  ['log: { kafka: "a:1", sasl: plain }', 'DEFINE_PASSWORD_WITHOUT_LOGIN'],
  ['log: { kafka: "a:1", sasl: none, user: u }', 'DEFINE_BAD_VALUE'],
])('%s: %s', (log, code) => {
  expect(codesOf(log)).toContain(code)
})

it('refuses a topic as a source where there are no brokers', () => {
  expect(codesOf('', 'from: { kafka: logs }, ')).toEqual(['DEFINE_OPTION_WITHOUT_ADAPTER'])
})
