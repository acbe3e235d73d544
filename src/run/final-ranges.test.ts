/** What a batch beside a stream says where no window that was asked for is final. */
import { expect, it } from 'vitest'
import type { MillraceError } from '../core/error.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { StreamState } from '../ports/report.ts'
import { finalRanges } from './final-ranges.ts'

const version = { metric: 'requests', version: 'v' }
const plan = {
  source: 'web',
  metrics: [{ ...version, windowMs: 60_000 } as MetricPlan],
} as unknown as SourcePlan

function codeOf(finalBeforeMs: number, fromMs: number): string | undefined {
  const streamed = { ...version, endOffset: 0, finalBeforeMs, lateness: [] }
  const state = { source: 'web', metrics: [streamed] } as unknown as StreamState
  try {
    finalRanges(plan, { range: { fromMs } }, { state, cut: 0 })
    return undefined
  } catch (error) {
    return (error as MillraceError).code
  }
}

it('names an instant only where the stream has come to one', () => {
  expect(codeOf(120_000, 60_000)).toBeUndefined()
  expect(codeOf(120_000, 120_000)).toBe('BATCH_NOTHING_FINAL')
  expect(codeOf(0, 120_000)).toBe('BATCH_STREAM_BEGINS')
})
