/** How far a commit brings the archive in the topic that its lines come from. */
import type { ArchivedTopic } from '../core/block.ts'
import type { StoredBatch } from '../ports/log.ts'

/** What the manifest says with these batches, all of which it has then. */
export function withBatches(
  topic: ArchivedTopic | undefined,
  batches: readonly Pick<StoredBatch, 'origin'>[],
): ArchivedTopic | undefined {
  let known = topic
  for (const { origin } of batches) {
    if (!origin) continue
    const { topicId: id, incarnation, partition, endRecord } = origin
    const isSame = known?.id === id && known.incarnation === incarnation
    const positions = new Map(isSame ? known!.positions : [])
    positions.set(partition, Math.max(positions.get(partition) ?? 0, endRecord))
    known = { id, incarnation, positions: [...positions].sort(([a], [b]) => a - b) }
  }
  return known
}
