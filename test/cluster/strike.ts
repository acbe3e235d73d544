/** How tests of whole runs kill a process under them, and what HDFS must have made good afterwards. */
import { expect } from 'vitest'
import { killProcess, startProcess } from './cluster-addresses.ts'
import type { Twins } from './twins.ts'

const HEALED_MS = 120_000

/** What a run ended with: an error, or undefined. */
export const failureOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  )

/** Whatever happens the process runs again before this resolves; `meanwhile` is done while it does not. */
export async function strike(name: string, meanwhile: () => Promise<unknown>): Promise<void> {
  await killProcess(name)
  try {
    await meanwhile()
  } finally {
    await startProcess(name)
  }
}

/** Every copy is where it should be, though a DataNode's folder was deleted. */
export async function expectHealed(pair: Twins): Promise<void> {
  const archive = await pair.archive()
  const state = async () => {
    const health = await archive.health?.()
    const scrubs = [await archive.scrub('web'), await archive.scrub('edge')]
    return {
      live: health?.liveNodes,
      missing: health?.missingBlocks,
      corrupt: health?.corruptBlocks,
      findings: scrubs.flatMap(({ findings }) => findings),
    }
  }
  await expect
    .poll(state, { timeout: HEALED_MS, interval: 500 })
    .toEqual({ live: 3, missing: 0, corrupt: 0, findings: [] })
}
