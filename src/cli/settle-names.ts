/** Before a command works on sources: those that have other names now are given them, or it says why not. */
import type { Source } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'
import {
  askedRenames,
  findOutdatedNames,
  renameSources,
  type SourceRename,
  waitingRenames,
} from '../run/rename-sources.ts'
import { catchUp } from './catch-up.ts'
import { say } from './output.ts'
import { isServed, waitForLock } from './wait-for-lock.ts'

type Registry = typeof import('../engines/registry.ts')
type Deployment = Parameters<Registry['openArchive']>[0]

export interface SettleOptions {
  /** The report is asked for names that it was put back with. */
  readonly asksReport?: boolean
  /** Locks of the data folder that the caller holds. */
  readonly holds?: readonly string[]
}

/** Of everything else that works on the data folder, with what holds each for messages. */
const LOCKS = [
  ['rename', 'rename'],
  ['batch', 'batch'],
  ['log', 'server'],
] as const

/** For an archive that is away, where it is asked only about a report that was put back. */
const PATIENCE_MS = 5000

/** Errors: RENAME_BOTH_HOLD, RENAME_MUST_STOP, DATA_LOCKED, ARCHIVE_*, REPORT_*. */
export async function settleNames(deployment: Deployment, options: SettleOptions = {}): Promise<void> {
  const registry = await import('../engines/registry.ts')
  const journal = await registry.openRenames(deployment)
  const archive = await registry.openArchive(deployment)
  const logs = await registry.openNamedLogs(deployment)
  const asked = askedRenames(deployment.sources?.values() ?? [])
  const findWaiting = () => waitingRenames(asked, journal, { archive, logs })
  const waiting = await findWaiting()
  if (waiting.length > 0) {
    if (await isServed(deployment)) throw new MillraceError('RENAME_MUST_STOP', { ...waiting[0]! })
    await archiveFirst(waiting, archive, deployment)
    const locks = LOCKS.filter(([lock]) => !options.holds?.includes(lock))
    await waitForLock(async () => {
      const release = await logs.lock(waiting, new Map(locks))
      try {
        // Somebody else may have been quicker.
        const left = await findWaiting()
        if (left.length === 0) return
        await renameSources(left, {
          ...{ archive, journal, logs },
          openReport: () => openPresentReport(registry, deployment),
        })
        for (const { from, to } of left) say(`millrace: Source ${from} is now ${to}, with all that it has.`)
      } finally {
        await release()
      }
    })
  }
  if (options.asksReport) await settleReport(registry, deployment)
}

/** A server has settled its own report. */
async function settleReport(registry: Registry, deployment: Deployment): Promise<void> {
  const sources = [...(deployment.sources?.keys() ?? [])]
  const archive = await registry.openArchive({ ...deployment, patienceMs: PATIENCE_MS })
  const isRenamed = async (source: string) => (await archive.manifest(source))?.formerNames !== undefined
  const renamed = await Promise.all(sources.map(isRenamed)).catch((error: unknown): boolean[] => {
    // What cannot be asked now is asked by the next start; whoever needs the archive says why it cannot be reached.
    if (error instanceof MillraceError) return []
    throw error
  })
  if (!renamed.includes(true) || (await isServed(deployment))) return
  const report = await openPresentReport(registry, deployment)
  if (!report) return
  try {
    for (const { from, to } of await findOutdatedNames(sources, archive, report)) {
      await report.renameSource(from, to)
      say(`millrace: The report knew source ${to} as ${from}; its totals have the new name now.`)
    }
  } finally {
    await report.close()
  }
}

async function openPresentReport(registry: Registry, deployment: Deployment): Promise<Report | undefined> {
  const isThere = await registry.openOwnReport(deployment, 'read').then(
    async (report) => {
      await report.close()
      return true
    },
    (error: unknown) => {
      const code = error instanceof MillraceError ? error.code : undefined
      if (code === 'REPORT_MISSING') return false
      if (code === 'REPORT_OLDER_FORMAT') return true
      throw error
    },
  )
  return isThere ? registry.openOwnReport(deployment, 'write') : undefined
}

/** Of sources that have lines in their logs alone there is no archive yet that could tell of a rename. */
async function archiveFirst(
  waiting: readonly SourceRename[],
  archive: Archive,
  deployment: Deployment,
): Promise<void> {
  const manifests = waiting.flatMap(({ from, to }) => [archive.manifest(from), archive.manifest(to)])
  const isKnown = (await Promise.all(manifests)).map((manifest) => manifest !== undefined)
  const isArchived = waiting.every((_, place) => isKnown[place * 2] || isKnown[place * 2 + 1])
  if (isArchived) return
  // By the names that the logs still have.
  const named = [...(deployment.sources ?? [])].map(([name, source]): [string, Source] => [
    source.was ?? name,
    source,
  ])
  await catchUp({ ...deployment, sources: new Map(named) }, archive)
}
