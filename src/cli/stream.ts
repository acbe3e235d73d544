/** `millrace stream`: the jobs that tally the lines of sources on an engine of its own. */
import type { Command } from 'commander'
import { buildPlans } from '../compile/build-plan.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { DeployedJob, StreamStart } from '../ports/stream-jobs.ts'
import { findStreamStart } from '../run/find-stream-start.ts'
import { describeJob, isJobWell } from './describe-job.ts'
import { say, writeJson, writeOut } from './output.ts'
import { settleNames } from './settle-names.ts'
import { sha256 } from './sha256.ts'
import { deploymentOf, loadChecked, requireSource, type Workspace, workspaceOf } from './workspace.ts'

type Registry = typeof import('../engines/registry.ts')
type Jobs = Awaited<ReturnType<typeof import('../engines/stream-registry.ts')['openStreamJobs']>>
type JobSource = Parameters<Jobs['deploy']>[0]
type Deployed = Awaited<ReturnType<Jobs['deploy']>>

interface Work {
  readonly jobs: Jobs
  readonly sources: readonly JobSource[]
  /** Not just all of them. */
  readonly isNamed: boolean
  readonly isJson: boolean
  /** A job that is started reads the lines of its source by the name of today. */
  settle(): Promise<void>
}

export function addStream(program: Command): void {
  const stream = program
    .command('stream')
    .description('the jobs that tally lines from topics, where `stream` names an engine')
  const add = (name: string, description: string, act: (work: Work, options: Options) => Promise<void>) =>
    stream
      .command(`${name} [sources...]`)
      .description(description)
      .action(async (names: string[], options: Options, command: Command) =>
        act(await openWork(workspaceOf(command), names), options),
      )
  add('deploy', 'start the job of each source, or go on from the savepoint of one that was stopped', deploy)
  add('status', 'show what each job is doing', status)
  add('stop', 'stop each job with a savepoint', stop).option('--cancel', 'without a savepoint')
  add('upgrade', 'stop each job, and start what the definition says now in its place', upgrade)
}

interface Options {
  readonly cancel?: boolean
}

async function openWork(workspace: Workspace, names: readonly string[]): Promise<Work> {
  const definition = await loadChecked(workspace)
  for (const name of names) requireSource(definition, name)
  const registry = await import('../engines/registry.ts')
  const { openStreamJobs } = await import('../engines/stream-registry.ts')
  const jobs = await openStreamJobs(deploymentOf(workspace, definition))
  const plans = buildPlans(definition, sha256).filter(
    ({ source }) => names.length === 0 || names.includes(source),
  )
  const metrics = [...definition.metrics.values()]
  const latenessMs = new Map(metrics.map(({ name, allowedLatenessMs }) => [name, allowedLatenessMs]))
  const sources = plans.map((plan) => ({
    ...{ plan, latenessMs },
    start: (chunkMs: number) => findStart(registry, { workspace, definition }, plan.source, chunkMs),
  }))
  return {
    ...{ jobs, sources, isNamed: names.length > 0, isJson: workspace.json },
    settle: () => settleNames(deploymentOf(workspace, definition)),
  }
}

/** By the server when one runs, which has the log open. */
async function findStart(
  registry: Registry,
  { workspace, definition }: { readonly workspace: Workspace; readonly definition: Definition },
  source: string,
  chunkMs: number,
): Promise<StreamStart> {
  const deployment = deploymentOf(workspace, definition)
  const link = await registry.openLink(deployment)
  if (link) {
    const start = (await link.call('streamStart', [source, chunkMs]).finally(() => link.close())) as Omit<
      StreamStart,
      'positions'
    > & { readonly positions: readonly (readonly [number, number])[] }
    return { ...start, positions: new Map(start.positions) }
  }
  const archive = await registry.openArchive(deployment)
  const report = await registry.openReport(deployment, 'read')
  const log = await registry.openLog(deployment, archive, { isReader: true })
  try {
    return await findStreamStart(log, report, source, chunkMs)
  } finally {
    await log.close()
    await report.close()
  }
}

async function deploy(work: Work): Promise<void> {
  await start(work, (source) => work.jobs.deploy(source))
}

async function upgrade(work: Work): Promise<void> {
  await start(work, (source) => work.jobs.upgrade(source))
}

async function start(work: Work, act: (source: JobSource) => Promise<Deployed>): Promise<void> {
  await work.settle()
  const deployed = await actOnEach(work, act, describeDeployed)
  if (work.isJson) await writeJson({ deployed })
}

/** These say that a source has nothing to do, or no job, and not that something went wrong. */
const PASSED_OVER: readonly string[] = ['JOBS_CANNOT', 'JOBS_NOT_DEPLOYED', 'JOBS_RUN_ALREADY']

/** One after another. A source that is passed over is an error where it was named, or where all are. */
async function actOnEach<Done>(
  { sources, isNamed, isJson }: Work,
  act: (source: JobSource) => Promise<Done>,
  describe: (done: Done) => string,
): Promise<Done[]> {
  const all: Done[] = []
  const passedOver: MillraceError[] = []
  for (const source of sources) {
    try {
      const done = await act(source)
      all.push(done)
      if (!isJson) say(describe(done))
    } catch (error) {
      const isOne = error instanceof MillraceError && PASSED_OVER.includes(error.code)
      if (isNamed || !isOne) throw error
      passedOver.push(error)
    }
  }
  const last = passedOver.pop()
  for (const { message } of passedOver) say(message)
  if (last && all.length === 0) throw last
  if (last) say(last.message)
  return all
}

function describeDeployed({ source, jobId, from, why, canceled = [] }: Deployed): string {
  const begins = from === 'savepoint' ? 'goes on from its savepoint' : 'begins where the totals stand'
  const jobs = canceled.length === 1 ? `Job ${canceled[0]}` : `Jobs ${canceled.join(', ')}`
  const strays =
    canceled.length > 0 ? ` ${jobs} of a data folder that was lost had its place, and was canceled.` : ''
  return `The job of ${source} (${jobId}) ${begins}: ${why}.${strays}`
}

async function stop(work: Work, { cancel = false }: Options): Promise<void> {
  const stopOne = async ({ plan: { source } }: JobSource): Promise<Stopped> => {
    const savepoint = await work.jobs.stop(source, cancel)
    return { source, ...(savepoint !== undefined && { savepoint }) }
  }
  const stopped = await actOnEach(work, stopOne, describeStopped)
  if (work.isJson) await writeJson({ stopped })
}

interface Stopped {
  readonly source: string
  readonly savepoint?: string
}

function describeStopped({ source, savepoint }: Stopped): string {
  const state = savepoint === undefined ? 'without a savepoint' : `with the savepoint ${savepoint}`
  return `The job of ${source} is stopped ${state}. The embedded engine counts meanwhile.`
}

/** Exit status 1 where a job does not run, or a source that was named has none. */
async function status({ jobs, sources, isNamed, isJson }: Work): Promise<void> {
  const found = await Promise.all(
    sources.map(async ({ plan }) => ({ source: plan.source, ...(await jobs.state(plan.source)) })),
  )
  const isWell = (one: Partial<DeployedJob>) => isJobWell(one) && (!isNamed || one.job !== undefined)
  if (!found.every(isWell)) process.exitCode = 1
  if (isJson) return writeJson({ jobs: found })
  await writeOut(found.map(({ source, ...deployed }) => describeJob(source, deployed)).join(''))
}
