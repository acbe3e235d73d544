/** The batch engine and its machines, as `millrace status` tells of them. */
import { formatInstant } from '../core/timestamp.ts'
import type { ClusterState } from '../ports/batch-engine.ts'
import type { Status } from '../run/read-status.ts'
import { countOf, formatBytes, formatCount } from './text-table.ts'

export function describeBatch(places: { readonly batch: string }, { batch }: Pick<Status, 'batch'>): string {
  const title = `Batch: ${places.batch}\n`
  if (batch.failure) return `${title}  cannot be asked: ${batch.failure.message}\n`
  return batch.state ? `${title}${describeState(batch.state)}` : title
}

function describeState(state: ClusterState): string {
  const { workers, cores, freeCores, memoryBytes, freeMemoryBytes, applications, otherApplications } = state
  if (workers === 0) return 'No worker is live, so a batch would wait.\n'
  const free = `${formatCount(freeCores)} of ${countOf(cores, 'core')} free`
  const memory = `${formatBytes(freeMemoryBytes)} of ${formatBytes(memoryBytes)} of memory free`
  const ours = applications.map(
    (one) =>
      `  ${one.name}: ${one.state} since ${formatInstant(Math.floor(one.startedMs / 1000) * 1000)}, ${countOf(one.cores, 'core')}\n`,
  )
  const none = ours.length === 0 ? 'No application of Millrace is there' : 'Applications of Millrace'
  const others = otherApplications > 0 ? `, and ${formatCount(otherApplications)} of others` : ''
  return `${countOf(workers, 'worker')} live; ${free}; ${memory}.\n${none}${others}${ours.length > 0 ? ':' : '.'}\n${ours.join('')}`
}
