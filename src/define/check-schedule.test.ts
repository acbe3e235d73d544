import { expect, it } from 'vitest'
import { checkText } from './load-definition.ts'

const codesOf = (cron: string) =>
  checkText(
    `sources: { web: { format: json, time: ts } }
metrics: { m: { source: web, window: 1h, measures: { n: count() } } }
batch: { cron: "${cron}" }
`,
    'millrace.yaml',
  ).diagnostics.map(({ code }) => code)

it.each(['0 3 * * *', '*/5 * * * *', '0 3 * * MON-FRI', '30 2 29 2 *'])('takes %s', (cron) => {
  expect(codesOf(cron)).toEqual([])
})

it.each(['61 25 * * *', 'a b c d e', '0 25 * * *', '*/0 * * * *', '0 3 31 2 *', '0 3 * *'])(
  'refuses %s',
  (cron) => {
    expect(codesOf(cron)).toEqual(['DEFINE_BAD_CRON'])
  },
)
