/** The signals that a server obeys. */
import { say } from './output.ts'

/** By then a server has ended, whatever does not answer: well within what systemd and Kubernetes wait before SIGKILL. */
const LAST_MS = 20_000

/**
 * Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once, and so does the time that stopping may
 * take, after `onLast`: as after `kill -9` nothing is lost that was acked.
 */
export function stopSignal(onLast: () => void): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      say('Stopping.')
      resolve()
      const end = () => {
        onLast()
        process.exit(1)
      }
      setTimeout(end, LAST_MS).unref()
    }
    process.once('SIGINT', stop).once('SIGTERM', stop)
  })
}

/** SIGHUP from now on; what comes before somebody acts on it is kept. */
export class ReloadSignal {
  #isWaiting = false
  #act = () => {
    this.#isWaiting = true
  }

  constructor() {
    process.on('SIGHUP', () => this.#act())
  }

  onEach(act: () => void): void {
    this.#act = act
    if (this.#isWaiting) act()
  }
}
