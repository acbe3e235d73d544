/** Progress on stderr: a bar with rate and time left on a terminal, a plain line every few seconds elsewhere. */
import type { SingleBar } from 'cli-progress'
import { say } from './output.ts'
import { formatSeconds } from './text-table.ts'

const PLAIN_EVERY_MS = 3000

/** How much of what is done; `format` prints an amount, `unit` stands behind it. */
export interface Step {
  readonly label: string
  readonly done: number
  /** Absent when the end is not known, as for standard input. */
  readonly total?: number
  readonly format: (amount: number) => string
  readonly unit: string
}

/** One bar at a time; a step with another label replaces it. */
export class Progress {
  readonly #terminal: boolean
  #bar: SingleBar | undefined
  #label = ''
  #startedMs = 0
  #startedAt = 0
  #saidMs = 0

  private constructor(terminal: boolean) {
    this.#terminal = terminal
  }

  /** The bar's library is loaded here, so that commands without progress start without it. */
  static async open(): Promise<Progress> {
    const progress = new Progress(process.stderr.isTTY && process.env.TERM !== 'dumb')
    if (progress.#terminal) await progress.#loadBar()
    return progress
  }

  async #loadBar(): Promise<void> {
    const { default: cliProgress } = await import('cli-progress')
    this.#bar = new cliProgress.SingleBar({
      format: '{label} [{bar}] {percentage} %  {rest}',
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
      barCompleteChar: '=',
      barIncompleteChar: ' ',
      // Ctrl-C belongs to the command, which has to tell what became of the data.
      gracefulExit: false,
    })
  }

  update(step: Step): void {
    const now = Date.now()
    if (step.label !== this.#label) this.#begin(step, now)
    // An engine that is only starting has no rate yet.
    if (step.done === this.#startedAt) this.#startedMs = now
    const rest = describeRest(step, step.done - this.#startedAt, now - this.#startedMs)
    if (this.#bar) this.#bar.update(step.done, { label: step.label, rest })
    else this.#sayNowAndThen(`${step.label}: ${rest}`, now)
  }

  #sayNowAndThen(text: string, now: number): void {
    if (now - this.#saidMs < PLAIN_EVERY_MS) return
    this.#saidMs = now
    say(text)
  }

  /** Takes the bar away, so that messages stand below clean lines. */
  end(): void {
    if (this.#label !== '') this.#bar?.stop()
    this.#label = ''
  }

  #begin(step: Step, now: number): void {
    this.end()
    this.#label = step.label
    this.#startedMs = now
    this.#startedAt = step.done
    this.#saidMs = now
    this.#bar?.start(step.total ?? step.done, step.done, { label: step.label, rest: '' })
  }
}

function describeRest({ done, total, format, unit }: Step, since: number, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (since / elapsedMs) * 1000 : 0
  const rate = perSecond > 0 ? `, ${format(perSecond)}${unit}/s` : ''
  if (total === undefined) return `${format(done)}${unit}${rate}`
  const left = perSecond > 0 ? `, ${formatSeconds(((total - done) / perSecond) * 1000)} left` : ''
  return `${format(done)} of ${format(total)}${unit}${rate}${left}`
}
