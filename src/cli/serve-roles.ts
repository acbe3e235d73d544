/** What a server works with, opened in the one order that is safe, and closed in the other. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../core/error.ts'
import type { Cause } from '../core/health-facts.ts'
import type { Archive } from '../ports/archive.ts'
import type { Log } from '../ports/log.ts'
import type { Report } from '../ports/report.ts'
import type { StreamEngine } from '../ports/stream-engine.ts'
import type { StreamJobs } from '../ports/stream-jobs.ts'
import { isServed, waitForLock } from './wait-for-lock.ts'

type Registry = typeof import('../engines/registry.ts')
type Deployment = Parameters<Registry['openArchive']>[0]

export interface ServeRoles {
  readonly archive: Archive
  readonly report: Report
  readonly log: Log
  readonly engine: StreamEngine
  /** Where jobs on an engine of their own tally. */
  readonly jobs?: StreamJobs
  /** From now on this one hears what the archive is waited for. */
  onArchiveWait(listener: (trouble: Cause | undefined) => void): void
  /** An empty folder for a micro-batch. */
  makeStagingDir(): Promise<{ readonly path: string; remove(): Promise<void> }>
  close(): Promise<void>
}

export interface RoleNews {
  /** Hears of bytes at the end of a log that were never acked. */
  onTorn(source: string, bytes: number): void
  /** Hears of what people should know of the log of a source. */
  onNotice(source: string, message: string): void
  /** Hears of what a job on other machines does not do. */
  onTrouble(source: string, why: string): void
}

/** Errors: DATA_LOCKED, REPORT_*, LOG_DAMAGED. */
export async function openServeRoles(
  deployment: Deployment,
  { onTorn, onNotice, onTrouble }: RoleNews,
): Promise<ServeRoles> {
  const registry = await import('../engines/registry.ts')
  const { openStreamEngine, openStreamJobs } = await import('../engines/stream-registry.ts')
  let hearWait = deployment.onArchiveWait
  const archive = await registry.openArchive({ ...deployment, onArchiveWait: (why) => hearWait?.(why) })
  const report = await registry.openOwnReport(deployment, 'write')
  const clockFloor = async (source: string) => (await report.streamState(source))?.clockMs ?? 0
  const countedTo = async (source: string, log?: string) => {
    const state = await report.streamState(source)
    return state && (log === undefined || state.incarnation === log) ? state.endOffset : 0
  }
  // A batch or an ingest that began before may be bringing lines into the archive.
  const open = () => registry.openLog(deployment, archive, { clockFloor, countedTo, onTorn, onNotice })
  const log = await waitForLock(open, { isVain: () => isServed(deployment) }).catch(async (error) => {
    await report.close()
    throw error
  })
  const stagingRoot = join(deployment.dataDir, 'streaming')
  await rm(stagingRoot, { recursive: true, force: true })
  await mkdir(stagingRoot, { recursive: true })
  const engine = await openStreamEngine(deployment, stagingRoot, { log, onTrouble })
  const jobs = deployment.stream?.adapter && (await openStreamJobs(deployment))
  return {
    ...{ archive, report, log, engine, ...(jobs && { jobs }) },
    onArchiveWait: (listener) => {
      hearWait = listener
    },
    makeStagingDir: stagingFolders(stagingRoot),
    close: async () => {
      await engine.close()
      await report.close()
      await log.close()
      await rm(stagingRoot, { recursive: true, force: true })
    },
  }
}

/** Sooner and plainer than by the locks of the report and the log, or by the port. Errors: SERVE_RUNS_ALREADY. */
export async function requireAlone(deployment: Deployment): Promise<void> {
  const { openLink } = await import('../engines/registry.ts')
  const link = await openLink(deployment)
  if (!link) return
  link.close()
  throw new MillraceError('SERVE_RUNS_ALREADY', { path: deployment.dataDir })
}

function stagingFolders(root: string): ServeRoles['makeStagingDir'] {
  let next = 0
  return async () => {
    const path = join(root, String(next++))
    await mkdir(path)
    return { path, remove: () => rm(path, { recursive: true, force: true }) }
  }
}
