/** Before a command reads the archive as a whole: what was acked and lies only in the log yet is archived. */
import { MillraceError } from '../core/error.ts'
import { type HeldSource, holdSource } from '../core/held-source.ts'
import { type Deployment, linesToArchive, openLink, openLog } from '../engines/registry.ts'
import type { Archive } from '../ports/archive.ts'
import type { StreamState } from '../ports/report.ts'
import { archiveLog } from '../run/archive-log.ts'
import { findPlace } from '../run/place-stream.ts'
import { SourceLines } from '../run/source-lines.ts'
import { say } from './output.ts'
import { isLocked, waitForLock } from './wait-for-lock.ts'

/**
 * By the server, if one runs here. Gives the sources of which it could not, so that the others are not held up, and those
 * whose lines are not the ones that a report has counted, where its streams are given. Errors: LOG_DAMAGED, SERVE_*.
 */
export async function catchUp(
  deployment: Deployment,
  archive: Archive,
  streams?: ReadonlyMap<string, StreamState>,
): Promise<readonly HeldSource[]> {
  // Another command may be catching up at this moment, or a server may start, which then answers.
  return waitForLock(
    async () => {
      const link = await openLink(deployment)
      if (!link) return archiveWithoutServer(deployment, archive, streams)
      return (await link.call('archive', [], sayWait).finally(() => link.close())) as HeldSource[]
    },
    { signal: deployment.signal },
  ).catch((error: unknown) => {
    if (!(error instanceof MillraceError) || error.code !== 'DATA_LOCKED') throw error
    // An ingest takes long: its source has nothing in the log, and what was archived can be counted.
    return []
  })
}

/** What the server's archive is waited for. */
function sayWait(why: string): void {
  say(`millrace: ${why}`)
}

async function archiveWithoutServer(
  deployment: Deployment,
  archive: Archive,
  streams?: ReadonlyMap<string, StreamState>,
): Promise<HeldSource[]> {
  const log = await openLog(deployment, archive, { isReader: true }).catch(async (error: unknown) => {
    const isUnwritable = error instanceof MillraceError && error.code === 'ARCHIVE_UNWRITABLE'
    // A folder that can only be read serves readers as long as there is nothing to bring into the archive.
    if (!isUnwritable || (await linesToArchive(deployment, archive)) > 0) throw error
  })
  if (!log) return []
  try {
    // The stream may still need every line.
    const passed = async () => 0
    const held = new Map<string, HeldSource>()
    const holding = async (source: string, act: () => Promise<unknown>) => {
      if (held.has(source)) return
      await act().catch((error: unknown) => {
        if (!(error instanceof MillraceError) || isLocked(error)) throw error
        held.set(source, holdSource(source, error))
      })
    }
    for (const { source } of log.sources())
      await holding(source, () => archiveLog({ log, archive, passed }, source, { isUrgent: true }))
    for (const [source, state] of streams ?? [])
      await holding(source, async () => {
        const lines = new SourceLines({ source, log, archive })
        await findPlace(source, lines, { state, end: await lines.end() })
      })
    return [...held.values()]
  } finally {
    await log.close()
  }
}
