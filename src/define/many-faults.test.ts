/** Every problem of a definition is reported in one pass, each once, and none for want of another's repair. */
import { expect, test } from 'vitest'
import { checkText } from './load-definition.ts'

const found = (text: string) =>
  checkText(text, 'x').diagnostics.map(
    ({ code, line, column, hint }) => `${line}:${column} ${code}${hint === undefined ? '' : ` ${hint}`}`,
  )

test('more than twenty faults of as many kinds', () => {
  const text = `\
source:
  web-1:
    fromat: jsn
    time: { field: ts, layout: iso8601, zone: Europe/Berln }
    feilds: { status: int, took: { type: decimal(3), from: a..b }, host: string }
  orders:
    format:
      csv: { colums: [at, amount] }
    time: { field: at, layout: '%d.%m %H:%M' }
    allowed_skew: ten minutes
    fields: { amount: decimal(2) }
metrics:
  requests:
    source: web-1
    window: 7m
    wehre: status >
    dimensions: { class: status / 100, h: coalesce(host, 'none') }
    measures: { requests: count(, p: quantile(took), b-c: count(zzz = 1) }
    ratios: { error_rate: errors / requests }
  shop:
    source: ordres
    window: 1 hour
    measures: { sum_amount: sum(amount), window_start: count(), n: 5 }
    ratios: { a: b / sum_amount, b: a / n }
  nothing:
    source: elsewhere
    window: 1m
    where: lower(1 = 'x'
batch: { spark: local, cron: '0 3 * *' }
serve: { listen: localhost, tokens: { web-1: [abc], nobody: [] } }
`
  expect(found(text)).toEqual([
    '1:1 DEFINE_UNKNOWN_KEY Did you mean sources?',
    '2:3 DEFINE_BAD_NAME Did you mean web_1?',
    '3:5 DEFINE_UNKNOWN_KEY Did you mean format?',
    '3:13 DEFINE_BAD_VALUE Did you mean json?',
    '4:32 DEFINE_BAD_TIME_LAYOUT',
    '4:47 DEFINE_UNKNOWN_ZONE Did you mean Europe/Berlin?',
    '5:5 DEFINE_UNKNOWN_KEY Did you mean fields?',
    '5:23 DEFINE_BAD_VALUE Write integer.',
    '5:60 DEFINE_BAD_PATH',
    '8:14 DEFINE_UNKNOWN_KEY Did you mean columns?',
    '10:19 DEFINE_BAD_DURATION',
    '15:13 DEFINE_WINDOW_DIVIDES_NO_DAY Windows near it that do: 6m, 8m',
    '16:5 DEFINE_UNKNOWN_KEY Did you mean where?',
    '16:20 EXPRESSION_EXPECTED',
    '17:43 DEFINE_CUT_EXPRESSION Write it in quotes: "coalesce(host, \'none\')"',
    '18:33 EXPRESSION_EXPECTED',
    '18:38 EXPRESSION_NOT_AN_AGGREGATE Did you mean quantiles?',
    '18:54 DEFINE_BAD_NAME Did you mean b_c?',
    '18:65 EXPRESSION_UNKNOWN_NAME',
    '19:27 EXPRESSION_UNKNOWN_NAME',
    '21:13 DEFINE_UNKNOWN_SOURCE Did you mean orders?',
    '22:13 DEFINE_BAD_DURATION',
    '23:42 DEFINE_RESERVED_NAME Rename the measure.',
    '23:68 DEFINE_WRONG_TYPE For example: "count(status >= 500)"',
    '24:18 DEFINE_CYCLIC_RATIO',
    '25:3 DEFINE_MISSING_KEY',
    '26:13 DEFINE_UNKNOWN_SOURCE Known: orders, web_1.',
    '28:17 EXPRESSION_UNCLOSED',
    '29:30 DEFINE_BAD_CRON',
    '30:18 DEFINE_BAD_LISTEN',
    '30:47 DEFINE_BAD_TOKEN_HASH',
    '30:53 DEFINE_UNKNOWN_SOURCE',
  ])
})

test('a comma inside { … } cuts no expression without a word', () => {
  const text = (measure: string) =>
    `sources: { web: { format: json, time: ts, fields: { a: integer, s: string } } }
metrics: { m: { source: web, window: 1m, where: a in (1, 2), measures: { n: ${measure}, k: count() } } }\n`
  const where = '2:49 DEFINE_CUT_EXPRESSION Write it in quotes: "a in (1, 2)"'
  expect(found(text('count()'))).toEqual([where])
  expect(found(text(`count(s in ('x, y', "it's"))`))).toEqual([
    ...[where, `2:77 DEFINE_CUT_EXPRESSION Write it in quotes: 'count(s in (''x, y'', "it''s"))'`],
    '2:97 EXPRESSION_UNKNOWN_NAME Texts stand in single quotes.',
  ])
  expect(found(text('sum(greatest(a, 1))'))).toEqual([
    where,
    '2:77 DEFINE_CUT_EXPRESSION Write it in quotes: "sum(greatest(a, 1))"',
  ])
  expect(found(text(`"sum(greatest(a, 1))"`))).toEqual([where])
})

test('nothing is said of what cannot be judged', () => {
  const text = (fields: string, metric: string) =>
    `sources: { web: { format: json, time: 5, fields: { ${fields} } } }
metrics: { m: { source: web, window: 1m, ${metric} } }\n`
  expect(
    found(text('a: int', 'where: a = 1 and hour(ts) = 2, measures: { n: sum(a), k: { unit: By } }')),
  ).toEqual([
    '1:39 DEFINE_WRONG_TYPE Write it in quotes: "5"',
    '1:55 DEFINE_BAD_VALUE Write integer.',
    '2:96 DEFINE_MISSING_KEY For example: value: "count(status >= 500)"',
  ])
})
