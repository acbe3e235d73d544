/** What writes to an archive without a server, while no log can give out the same offsets. */
import type { Archive } from '../ports/archive.ts'
import type { Deployment } from './registry.ts'

/** Runs an ingest beside the source's log, if it has one. Errors: INGEST_LOG_AHEAD, INGEST_LOG_LOST, INGEST_LOG_OPEN. */
export async function besideLog<T>(
  { dataDir, log, sources }: Deployment,
  archive: Archive,
  source: string,
  ingest: () => Promise<T>,
): Promise<T> {
  const archived = async () => (await archive.manifest(source))?.nextOffset ?? 0
  if (!log?.adapter) {
    const { besideLog: run } = await import('./files/log.ts')
    return run({ dataDir, source }, archived, ingest)
  }
  const { adapter } = log
  const { besideLog: run } = await import('./kafka/beside-log.ts')
  const { linesInTopic } = await import('./kafka/lines-in-topic.ts')
  const archivedTopic = async () => (await archive.manifest(source))?.topic
  const isDoor = sources?.get(source)?.from === undefined
  const place = {
    ...{ dataDir, source, hasTopic: async () => (await archivedTopic()) !== undefined },
    // Lines of others that wait in their topic come after these.
    linesInTopic: async () =>
      isDoor ? linesInTopic({ dataDir, source, archivedTopic: await archivedTopic(), ...adapter }) : 0,
  }
  return run(place, archived, ingest)
}
