/** Acts that keep readers out: tried for a moment at a time and undone, so that nobody queues behind them for long. */
import { setTimeout as sleep } from 'node:timers/promises'
import { asBlocked, codeOf } from './postgres-failure.ts'
import type { Transaction } from './transaction.ts'

const PAUSE_MS = 2000
const PATIENCE_MS = 30_000

/**
 * False when another session held a lock that it needs, or it failed by one of the excused states; then nothing is
 * changed, and the transaction goes on.
 */
export async function tryBriefly(
  transaction: Transaction,
  act: () => Promise<void>,
  excused: readonly string[] = [],
): Promise<boolean> {
  return (await attempt(transaction, act, excused)) === undefined
}

/** Again and again; what the transaction has done before is kept meanwhile. Errors: that of the last attempt. */
export async function takeBriefly(transaction: Transaction, act: () => Promise<void>): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS
  for (;;) {
    const failure = await attempt(transaction, act, [])
    if (failure === undefined) return
    if (performance.now() > giveUpMs) throw failure
    await sleep(PAUSE_MS)
  }
}

async function attempt(
  transaction: Transaction,
  act: () => Promise<void>,
  excused: readonly string[],
): Promise<unknown> {
  await transaction.run('SAVEPOINT briefly')
  try {
    await act()
    await transaction.run('RELEASE SAVEPOINT briefly')
    return undefined
  } catch (error) {
    const failure = asBlocked(error) ?? (excused.includes(codeOf(error)) ? error : undefined)
    if (!failure) throw error
    await transaction.run('ROLLBACK TO SAVEPOINT briefly')
    await transaction.run('RELEASE SAVEPOINT briefly')
    return failure
  }
}
