/** Which adapter computes streams, and the jobs by which it does so; loaded only when it is asked for. */
import { join } from 'node:path'
import { MillraceError } from '../core/error.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { Statement } from '../ports/batch-engine.ts'
import type { Log } from '../ports/log.ts'
import type { StreamEngine } from '../ports/stream-engine.ts'
import type { FlinkJobs } from './flink/jobs.ts'
import { blockFolders, type Deployment } from './registry.ts'

/** Streams are computed here. Staging folders lie below `stagingRoot`, which is inside the data folder. */
export async function openStreamEngine(
  deployment: Deployment,
  stagingRoot: string,
  { log, onTrouble }: { readonly log: Log; onTrouble(source: string, why: string): void },
): Promise<StreamEngine> {
  const { DuckdbStreamEngine } = await import('./duckdb/stream.ts')
  const embedded = new DuckdbStreamEngine({
    stagingRoot,
    readableFolders: blockFolders(deployment.dataDir),
  })
  const { stream, log: place, dataDir } = deployment
  if (!stream?.adapter || !place?.adapter) return embedded
  const { readSideTopic } = await import('./kafka/side-topic.ts')
  const { rowStager } = await import('./duckdb/stage-rows.ts')
  const { flinkStream } = await import('./flink/open-flink.ts')
  const brokers = place.adapter
  const stager = rowStager(stagingRoot, join(stagingRoot, 'spill-rows'))
  return flinkStream(stream.adapter, dataDir, {
    ...{ log, embedded, stageRows: stager.stage, close: stager.close },
    onTakenOver: (source, lines) =>
      onTrouble(source, `${lines} lines of it were counted here, since the job has not counted them in time`),
    onStrangeRows: (source, rows) =>
      onTrouble(source, `its topic of rows holds ${rows} that no job wrote; they were ignored`),
    readRows: (topic, sinceMs, onValues, signal) =>
      readSideTopic(
        brokers,
        { topic, sinceMs },
        { onValues, onTrouble: (why) => onTrouble(topic, why) },
        signal,
      ),
  })
}

/** Errors: JOBS_UNUSED where no job counts. */
export async function openStreamJobs({ stream, log, dataDir }: Deployment): Promise<FlinkJobs> {
  if (!stream?.adapter || !log?.adapter) throw new MillraceError('JOBS_UNUSED', {})
  const { flinkJobs } = await import('./flink/open-flink.ts')
  const { countPartitions, makeSideTopic } = await import('./kafka/side-topic.ts')
  const { topicName } = await import('./kafka/open-log.ts')
  const brokers = log.adapter
  return flinkJobs(stream.adapter, dataDir, {
    brokers: brokers.address,
    countPartitions: (topic) => countPartitions(brokers, topic),
    makeTopic: async (source) => {
      const topic = topicName(brokers, `${source}.partials`)
      await makeSideTopic(brokers, topic)
      return topic
    },
  })
}

/** What the job of a source runs, for people to read. Errors: JOBS_CANNOT. */
export async function explainStream(
  plan: SourcePlan,
  latenessMs: ReadonlyMap<string, number>,
): Promise<Statement[]> {
  const { explainJob } = await import('./flink/open-flink.ts')
  return explainJob(plan, latenessMs)
}
