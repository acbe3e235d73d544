/** Ctrl-C: a command is asked to stop in order, and a second Ctrl-C stops it at once. */
import { Interrupted } from './exit.ts'
import { say } from './output.ts'

/**
 * Runs an act that obeys an abort signal. When it fails after a Ctrl-C the result is Interrupted; when it had
 * already got too far to stop, its result stands.
 */
export async function interruptible<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let received: 'SIGINT' | 'SIGTERM' | undefined
  const stop = (signal: 'SIGINT' | 'SIGTERM') => {
    if (received) process.exit(new Interrupted(signal).exitStatus)
    received = signal
    say('millrace: Stopping; press Ctrl-C again to stop at once.')
    controller.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    return await act(controller.signal)
  } catch (error) {
    throw received ? new Interrupted(received) : error
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}
