/** What a backfill would take is estimated without a report where there is none, and not where it cannot be asked. */
import { expect, it } from 'vitest'
import { MillraceError } from '../core/error.ts'
import type { Archive } from '../ports/archive.ts'
import { estimateBackfill } from './estimate-backfill.ts'

const archive = { manifest: async () => ({ nextOffset: 3, blocks: [{ rawBytes: 7 }] }) } as unknown as Archive
const estimate = (code: 'REPORT_MISSING' | 'REPORT_UNREACHABLE') =>
  estimateBackfill({
    ...{ source: 'web', archive },
    openReport: async () => {
      throw new MillraceError(code, { path: 'report', why: 'it is away' })
    },
  })

it('takes no report that is away for none', async () => {
  expect(await estimate('REPORT_MISSING')).toEqual({ lines: 3, rawBytes: 7, blocks: 1 })
  await expect(estimate('REPORT_UNREACHABLE')).rejects.toMatchObject({ code: 'REPORT_UNREACHABLE' })
})
