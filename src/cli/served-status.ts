/** What the server of a data folder says of itself, where one runs. */
import { type Health, judgeHealth } from '../core/health.ts'
import { causeOf } from '../core/health-facts.ts'
import type { Deployment } from '../engines/registry.ts'
import type { ServerStatus } from '../server/server-status.ts'

/** Errors: SERVE_UNREACHABLE, SERVE_GONE. */
export async function servedStatus(deployment: Deployment): Promise<ServerStatus | undefined> {
  const { openLink } = await import('../engines/registry.ts')
  const link = await openLink(deployment)
  if (!link) return undefined
  return (await link.call('status', []).finally(() => link.close())) as ServerStatus
}

/** Undefined where none runs; that one does not answer is a fault too. */
export async function servedHealth(deployment: Deployment): Promise<Health | undefined> {
  try {
    return (await servedStatus(deployment))?.health
  } catch (error) {
    return judgeHealth({ sources: [], serverFailure: causeOf(error) }, {}, Date.now())
  }
}
