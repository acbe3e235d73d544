/** Asks a driver's REST API; silence is an answer, since nothing but a progress bar depends on it. */
import type { StageNews } from './stage-progress.ts'

const PATIENCE_MS = 2000

export interface DriverPages {
  readonly url: string
  readonly application: string
}

export function readStages(pages: DriverPages): Promise<readonly StageNews[] | undefined> {
  return ask<readonly StageNews[]>(pages, 'stages?status=active')
}

async function ask<T>({ url, application }: DriverPages, what: string): Promise<T | undefined> {
  try {
    const answer = await fetch(`${url}/api/v1/applications/${application}/${what}`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    return answer.ok ? ((await answer.json()) as T) : undefined
  } catch {
    return undefined
  }
}
