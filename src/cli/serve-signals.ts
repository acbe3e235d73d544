/** The signals that a server obeys. */
import { say } from './output.ts'

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      say('Stopping.')
      resolve()
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
