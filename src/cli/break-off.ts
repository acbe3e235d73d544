/** What a server that stops waits for on other machines is given a while, then broken off, and what is left is said. */
import type { Health } from '../core/health.ts'
import { say } from './output.ts'
import type { ServeRoles } from './serve-roles.ts'
import { countOf } from './text-table.ts'

/** Within which what the report was asked for is done. */
const REPORT_GRACE_MS = 1500
/** Within which blocks that are under way are brought into an archive on other machines. */
const ARCHIVE_GRACE_MS = 5000

/** A report may be held by others, too: what waits for it leaves nothing behind. Resolves when the work has ended. */
export async function breakOff(
  { report, archive }: Pick<ServeRoles, 'report' | 'archive'>,
  judge: () => Health,
  work: Promise<unknown>,
): Promise<void> {
  const hurry = setTimeout(() => report.interrupt(), REPORT_GRACE_MS)
  const leave = setTimeout(() => {
    if (!archive.interrupt) return
    tellLeft(judge(), 'The archive does not answer, and is not waited for any longer.')
    archive.interrupt()
  }, ARCHIVE_GRACE_MS)
  await work.finally(() => {
    clearTimeout(hurry)
    clearTimeout(leave)
  })
}

/** What the next start goes on with. */
export function tellLeft({ sources }: Health, why: string): void {
  const lines = sources.flatMap(({ source, unarchivedLines = 0 }) =>
    unarchivedLines > 0 ? [`${countOf(unarchivedLines, 'line')} of ${source}`] : [],
  )
  const left = lines.length === 0 ? '' : ` ${lines.join(', ')} that it has not stay in the log.`
  say(`millrace: ${why}${left} The next start goes on from there.`)
}
