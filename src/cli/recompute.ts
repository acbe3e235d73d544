/** For commands that compute totals anew beside the report: an engine, the archive brought up to date, a report of their own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeOwnedFolder } from '../archive/owned-folder.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { HeldSource } from '../core/held-source.ts'
import type { Report } from '../ports/report.ts'
import type { ComputeJob } from '../run/run-batch.ts'
import { showProgress } from './batch-progress.ts'
import { interruptible } from './interrupt.ts'
import { Progress } from './progress.ts'
import { sha256 } from './sha256.ts'
import { deploymentOf, type Workspace } from './workspace.ts'

export interface RecomputeRoles
  extends Pick<
    ComputeJob,
    'engine' | 'archive' | 'archivePlace' | 'makeStagingDir' | 'now' | 'onProgress' | 'signal'
  > {
  digest(text: string): string
  /** Gives the sources of which it could not. */
  catchUp(): Promise<readonly HeldSource[]>
  /** Empty, and gone with the act. */
  openScratchReport(): Promise<Report>
}

/** Runs an act that obeys Ctrl-C and leaves nothing behind. Errors: CLI_UNKNOWN_ENGINE. */
export async function recomputing<T>(
  workspace: Workspace,
  definition: Definition,
  engineName: string | undefined,
  act: (roles: RecomputeRoles) => Promise<T>,
): Promise<T> {
  const deployment = deploymentOf(workspace, definition)
  const registry = await import('../engines/registry.ts')
  const { catchUp } = await import('./catch-up.ts')
  const engine = await registry.openBatchEngine(deployment, requireEngine(engineName, registry.BATCH_ENGINES))
  const archive = await registry.openArchive(deployment)
  const progress = await Progress.open()
  try {
    return await withScratch(workspace, (scratch) =>
      interruptible((signal) =>
        act({
          ...{ engine, archive, signal, digest: sha256, now: Date.now },
          archivePlace: registry.archivePlace(deployment),
          catchUp: () => catchUp({ ...deployment, signal }, archive),
          openScratchReport: () => registry.openReport({ dataDir: scratch }, 'write'),
          makeStagingDir: (source) => makeFolder(join(scratch, 'staging', source)),
          onProgress: (news) => showProgress(progress, news),
        }),
      ),
    )
  } finally {
    progress.end()
    await engine.close()
  }
}

function requireEngine<Name extends string>(
  given: string | undefined,
  known: readonly Name[],
): Name | undefined {
  const found = known.find((name) => name === given)
  if (given !== undefined && found === undefined)
    throw new MillraceError('CLI_UNKNOWN_ENGINE', { engine: given, known: known.join(', ') })
  return found
}

/** In the data folder, or, where it can only be read or is full, where the system keeps what is temporary. */
async function makeScratch(dataDir: string): Promise<string> {
  return makeOwnedFolder(join(dataDir, 'tmp'), 'recompute').catch((error: unknown) => {
    if (!isUnwritable(error)) throw error
    return mkdtemp(join(tmpdir(), 'millrace-recompute-'))
  })
}

export function isUnwritable(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'ARCHIVE_UNWRITABLE'
}

async function withScratch<T>({ dataDir }: Workspace, act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeScratch(dataDir)
  try {
    return await act(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true })
  return path
}
