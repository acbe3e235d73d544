/** How the storage under an archive fares, in a sentence. */
import type { StorageHealth } from '../ports/archive.ts'
import { countOf, formatBytes, formatCount } from './text-table.ts'

/** Of the whole storage, since what ails it may ail this archive next. */
export function describeHealth(health: StorageHealth): string {
  const { liveNodes, deadNodes, underReplicatedBlocks, missingBlocks, corruptBlocks } = health
  const nodes = `${countOf(liveNodes, 'DataNode')} live, ${formatCount(deadNodes)} dead`
  const counts = { 'under-replicated': underReplicatedBlocks, missing: missingBlocks, corrupt: corruptBlocks }
  const blocks = Object.entries(counts).map(([state, count]) => `${formatCount(count)} ${state}`)
  return `Storage: ${nodes}; of all its blocks ${blocks.join(', ')}; ${formatBytes(health.remainingBytes)} free.`
}
