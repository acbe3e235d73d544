/** Flink as a definition describes it. */
import type { AdapterConfig } from '../../core/definition.ts'
import { parseDuration } from '../../core/duration.ts'
import type { SourcePlan } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { Deployments } from './deployment.ts'
import { FlinkJobs, type JobTopics } from './jobs.ts'
import { printJob, requireExact } from './print-job.ts'
import { FlinkStreamEngine, type FlinkStreamOptions } from './stream.ts'

/** Options as the definition writes them; see src/define/adapter-schema.ts, which has checked them. */
interface FlinkConfig {
  readonly rest: string
  readonly parallelism?: number
  readonly chunk?: string
  readonly patience?: string
  readonly checkpoint?: string
  readonly state?: string
  readonly kafka?: Readonly<Record<string, string>>
}

const DEFAULTS = { chunk: '500ms', patience: '1m', checkpoint: '10s', state: '1h' } as const

export function flinkStream(
  { options }: AdapterConfig,
  dataDir: string,
  parts: Omit<FlinkStreamOptions, 'deployments' | 'chunkMs' | 'patienceMs'>,
): FlinkStreamEngine {
  const config = { ...DEFAULTS, ...(options as unknown as FlinkConfig) }
  return new FlinkStreamEngine({
    ...parts,
    deployments: new Deployments(dataDir),
    chunkMs: parseDuration(config.chunk)!,
    patienceMs: parseDuration(config.patience)!,
  })
}

export function flinkJobs(
  { address, options }: AdapterConfig,
  dataDir: string,
  parts: JobTopics & { readonly brokers: string },
): FlinkJobs {
  const config = { ...DEFAULTS, ...(options as unknown as FlinkConfig) }
  const settings = {
    ...{ gateway: address, rest: config.rest, parallelism: config.parallelism ?? 1 },
    chunkMs: parseDuration(config.chunk)!,
    stateMs: parseDuration(config.state)!,
    checkpointMs: parseDuration(config.checkpoint)!,
    kafka: { 'bootstrap.servers': parts.brokers, ...config.kafka },
  }
  return new FlinkJobs(settings, new Deployments(dataDir), parts)
}

/** Errors: JOBS_CANNOT. */
export function explainJob(plan: SourcePlan, latenessMs: ReadonlyMap<string, number>): Statement[] {
  requireExact(plan)
  const place = { id: '<deployment>', topic: plan.source, partialsTopic: `${plan.source}.partials` }
  const positions = new Map([[0, 0]])
  const chunkMs = parseDuration(DEFAULTS.chunk)!
  return printJob({ ...place, plan, latenessMs, chunkMs, positions, kafka: {} })
}
