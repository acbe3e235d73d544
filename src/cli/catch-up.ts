/** Before a command reads the archive as a whole: what was acked and lies only in the log yet is archived. */
import { MillraceError } from '../core/error.ts'
import { type Deployment, openLink, openLog } from '../engines/registry.ts'
import type { Archive } from '../ports/archive.ts'
import { archiveLog } from '../run/archive-log.ts'

/** By the server, if one runs here. Errors: ARCHIVE_*, LOG_DAMAGED, SERVE_*. */
export async function catchUp(deployment: Deployment, archive: Archive): Promise<void> {
  const link = await openLink(deployment)
  if (link) await link.call('archive', []).finally(() => link.close())
  else await archiveWithoutServer(deployment, archive)
}

async function archiveWithoutServer(deployment: Deployment, archive: Archive): Promise<void> {
  const log = await openLog(deployment, archive, { isReader: true }).catch((error: unknown) => {
    // A server starts at this moment, or an ingest runs: they archive for themselves.
    if (error instanceof MillraceError && error.code === 'DATA_LOCKED') return undefined
    throw error
  })
  if (!log) return
  try {
    // The stream may still need every line.
    const passed = async () => 0
    for (const { source } of log.sources())
      await archiveLog({ log, archive, passed }, source, { isUrgent: true })
  } finally {
    await log.close()
  }
}
