/** A process that says so in the middle of an advance, where it is frozen, and then how the advance ended. */
import { stagedTextReader } from '../../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../../src/engines/postgres/report.ts'
import type { StagedTextReader } from '../../src/ports/staged-text.ts'
import { groupsOf } from '../contract/held-run.ts'
import { makePlan, stage } from '../contract/report-fixture.ts'

const [url, dir] = process.env.FREEZE!.split(' ') as [string, string]
const plan = makePlan()
let isTold = false
const text: StagedTextReader = {
  ...stagedTextReader,
  async openSource(staged) {
    if (!isTold) {
      isTold = true
      process.stdout.write(`in the middle of process ${process.pid}\n`)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    return stagedTextReader.openSource(staged)
  },
}
const report = await openPostgresReport({ url, schema: 'frozen' }, 'write', { text })
const { staged, appended } = (await stage(dir, plan, groupsOf(3), { name: 'frozen' })).sources[0]!
const place = { source: 'web', incarnation: 'log', clockMs: 0, fromOffset: 0, endOffset: appended }
const latenessMs = new Map([[plan.metric, 5000]])
const ended = await report.advance({ ...place, plans: [plan], latenessMs, staged }).then(
  () => 'done',
  (error: { code?: string; message: string }) => error.code ?? error.message,
)
await report.close()
process.stdout.write(`ended: ${ended}\n`)
