/** What an application of ours is called, on the page of a master and in its logs. */
import type { BatchRequest } from '../../ports/batch-engine.ts'

export const APPLICATION_PREFIX = 'millrace '

export function applicationName(requests: readonly BatchRequest[]): string {
  return `${APPLICATION_PREFIX}${requests.map(({ plan }) => plan.source).join(' ')}`
}
