import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { buildPlans } from '../../compile/build-plan.ts'
import { checkText } from '../../define/load-definition.ts'
import { explainJob } from './open-flink.ts'

const { definition } = checkText(
  `sources:
  web: { format: json, time: ts, fields: { status: integer } }
metrics:
  requests: { source: web, window: 1m, allowed_lateness: 30s, measures: { n: count() } }
`,
  'millrace.yaml',
)
const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const [plan] = buildPlans(definition!, digest)
const rowsOf = (latenessMs: ReadonlyMap<string, number>) =>
  explainJob(plan!, latenessMs).find(({ title }) => title === 'rows')!.sql

it('passes on what is late at the end of its chunk, when the log may have observed it', () => {
  const end = '(observed_ms / 500 * 500 + 499)'
  const sql = rowsOf(new Map([['requests', 30_000]]))
  expect(sql).toContain(`${end} >= `)
  expect(sql).toContain('+ 90000')
  expect(rowsOf(new Map())).not.toContain(end)
})
