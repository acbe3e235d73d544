import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { buildPlans } from '../../compile/build-plan.ts'
import type { LatenessStep } from '../../core/lateness.ts'
import { checkText } from '../../define/load-definition.ts'
import { ownDeployment } from './own-deployment.ts'
import { meaningOf } from './print-job.ts'

const { definition } = checkText(
  `sources:
  web: { format: json, time: ts, fields: { status: integer } }
metrics:
  requests: { source: web, window: 1m, measures: { n: count() } }
`,
  'millrace.yaml',
)
const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const plan = buildPlans(definition!, digest)[0]!
const MINUTE = 60_000
const chunkMs = 500

const deployed = (latenessMs: number) => ({
  ...{ id: 'id', jobId: 'job', chunkMs, sinceChunk: 10, topic: 'web', partialsTopic: 'web.partials' },
  meaning: meaningOf({ plan, latenessMs: new Map([['requests', latenessMs]]), chunkMs }),
  deployedMs: 0,
})
const ownOf = (jobMs: number, step: LatenessStep) =>
  ownDeployment(deployed(jobMs), { plan, lateness: new Map([['requests', [step]]]) })

it('leaves lines to the embedded engine while the job has another allowance', () => {
  const step = { fromOffset: 0, latenessMs: MINUTE }
  expect(ownOf(MINUTE, step)).toEqual(deployed(MINUTE))
  expect(ownOf(0, step)).toBeUndefined()
})

it('leaves chunks to it as long as a grown allowance would open windows that were final', () => {
  const step = { fromOffset: 7, latenessMs: 2 * MINUTE, finalBeforeMs: 10 * MINUTE }
  // The last final window ends at 10 minutes; what is observed 2 minutes later is late for it by the allowance alone.
  expect(ownOf(2 * MINUTE, step)).toEqual({ ...deployed(2 * MINUTE), sinceChunk: (12 * MINUTE) / chunkMs })
})
