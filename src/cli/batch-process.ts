/** The parent's side of a batch run: starts the process, passes on progress and Ctrl-C, waits for the answer. */
import { type ChildProcess, fork } from 'node:child_process'
import { MillraceError } from '../core/error.ts'
import type { RunRecord } from '../core/run-record.ts'
import type { BatchProgress } from '../run/run-batch.ts'
import type { BatchAnswer, BatchCancel, BatchOrder } from './batch-child.ts'
import { ToldError } from './exit.ts'

/** Resolves with the record of the published run. The child ends by itself when this process is gone. */
export function runBatchChild(
  module: URL,
  order: BatchOrder,
  onProgress: (progress: BatchProgress) => void,
  signal: AbortSignal,
): Promise<RunRecord> {
  // Whatever an engine prints must not get into the result on stdout.
  const child = fork(module, { stdio: ['ignore', 2, 2, 'ipc'], execArgv: [] })
  const stop = () => cancel(child)
  signal.addEventListener('abort', stop, { once: true })
  const answered = new Promise<RunRecord>((resolve, reject) => {
    let last: BatchAnswer | undefined
    child.on('error', reject)
    child.on('message', (answer: BatchAnswer) => {
      if (answer.type === 'progress') return onProgress(answer.progress)
      last = answer
    })
    child.on('close', (status, killer) => {
      if (last?.type === 'done') return resolve(last.record)
      if (last?.type === 'error') return reject(new ToldError(last.code, last.message, last.exitCode))
      reject(new MillraceError('BATCH_PROCESS_DIED', { why: describeEnd(status, killer) }))
    })
    child.send(order, (error) => error && reject(error))
  })
  // A server's signal outlives its batches.
  return answered.finally(() => signal.removeEventListener('abort', stop))
}

function cancel(child: ChildProcess): void {
  const message: BatchCancel = { type: 'cancel' }
  if (child.connected) child.send(message, () => undefined)
}

function describeEnd(status: number | null, killer: NodeJS.Signals | null): string {
  if (killer === 'SIGKILL') return 'it was killed by SIGKILL, as the system does when memory runs out'
  return killer ? `it was ended by ${killer}` : `it left with status ${status}`
}
