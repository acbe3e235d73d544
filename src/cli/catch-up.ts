/** Before a command reads the archive as a whole: what was acked and lies only in the log yet is archived. */
import { MillraceError } from '../core/error.ts'
import { type Deployment, openLink, openLog } from '../engines/registry.ts'
import type { Archive } from '../ports/archive.ts'
import { archiveLog } from '../run/archive-log.ts'
import { waitForLock } from './wait-for-lock.ts'

/** By the server, if one runs here. Errors: ARCHIVE_*, LOG_DAMAGED, SERVE_*. */
export async function catchUp(deployment: Deployment, archive: Archive): Promise<void> {
  // Another command may be catching up at this moment, or a server may start, which then answers.
  await waitForLock(
    async () => {
      const link = await openLink(deployment)
      if (link) await link.call('archive', []).finally(() => link.close())
      else await archiveWithoutServer(deployment, archive)
    },
    { signal: deployment.signal },
  ).catch((error: unknown) => {
    // An ingest takes long: its source has nothing in the log, and what was archived can be counted.
    if (!(error instanceof MillraceError) || error.code !== 'DATA_LOCKED') throw error
  })
}

async function archiveWithoutServer(deployment: Deployment, archive: Archive): Promise<void> {
  const log = await openLog(deployment, archive, { isReader: true })
  try {
    // The stream may still need every line.
    const passed = async () => 0
    for (const { source } of log.sources())
      await archiveLog({ log, archive, passed }, source, { isUrgent: true })
  } finally {
    await log.close()
  }
}
