/** What people see of a diagnostic: place, message, frame, hint. */
import { expect, test } from 'vitest'
import { DESIGN_EXAMPLE } from './fixtures/design-example.ts'
import { diagnosticsJson, formatDiagnostics } from './format-diagnostics.ts'
import { checkText } from './load-definition.ts'

const TEXT = DESIGN_EXAMPLE.replace('status >= 500', 'stauts >= 500').replace('window: 1m', 'window: 7m')
const { diagnostics } = checkText(TEXT, 'millrace.yaml')
const sourceOf = (): string => TEXT

test('shows file, line, column, message, the lines around and the hint', () => {
  const text = formatDiagnostics(diagnostics, { color: false, sourceOf })
  expect(text).toBe(`\
millrace.yaml:10:13 error A window of 7m does not divide a day. [DEFINE_WINDOW_DIVIDES_NO_DAY]
   9 |     where: path <> '/health'
> 10 |     window: 7m
     |             ^^
  11 |     dimensions: { service: service, class: status / 100 }
  → Windows near it that do: 6m, 8m

millrace.yaml:14:23 error There is no field stauts. [EXPRESSION_UNKNOWN_NAME]
  13 |       requests: count()
> 14 |       errors:   count(stauts >= 500)
     |                       ^^^^^^
  15 |       sent:     { value: sum(bytes), unit: By }
  → Did you mean status?`)
})

test('colours only when asked to', () => {
  expect(formatDiagnostics(diagnostics, { color: true, sourceOf })).toContain('\u001b[')
})

test('does without the text, and has a machine form', () => {
  const bare = formatDiagnostics(diagnostics, { color: false, sourceOf: () => undefined })
  expect(bare.split('\n')).toHaveLength(5)
  expect(diagnosticsJson(diagnostics).diagnostics[1]).toMatchObject({
    ...{ code: 'EXPRESSION_UNKNOWN_NAME', file: 'millrace.yaml', line: 14, column: 23 },
    ...{ endLine: 14, endColumn: 29, path: 'metrics.http.server.requests.measures.errors' },
  })
})
