/** A server as its user starts it, on a port of its own, and a client that sends it lines. */
import { type ChildProcess, spawn } from 'node:child_process'
import { BIN } from '../cli/run-cli.ts'

const PATIENCE_MS = 60_000

export interface Answered {
  readonly status: number
  readonly body: Record<string, unknown>
}

export class Serving {
  readonly #child: ChildProcess
  readonly url: string
  #said = ''

  private constructor(child: ChildProcess, said: string) {
    this.#child = child
    this.#said = said
    this.url = /https?:\/\/[\d.]+:\d+/.exec(said)![0]
    child.stderr!.on('data', (chunk) => {
      this.#said += chunk
    })
  }

  /** Resolves when it listens; rejects with what it said when it ends before. The definition should listen on port 0. */
  static start(cwd: string, env: NodeJS.ProcessEnv = {}, onSaid?: (said: string) => void): Promise<Serving> {
    const child = spawn(process.execPath, [BIN, 'serve'], {
      ...{ cwd, env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
    })
    let said = ''
    return new Promise((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        said += chunk
        onSaid?.(said)
        if (!said.includes('Ctrl-C stops.')) return
        child.stderr!.off('data', hear)
        resolve(new Serving(child, said))
      }
      child.stderr!.on('data', hear)
      child.once('close', (status) => reject(new Error(`serve ended with status ${status}: ${said}`)))
    })
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number {
    return this.#child.pid!
  }

  get said(): string {
    return this.#said
  }

  async send(source: string, text: string, key?: string): Promise<Answered> {
    const headers = key === undefined ? {} : { 'Idempotency-Key': key }
    const answer = await fetch(`${this.url}/v1/ingest/${source}`, { method: 'POST', body: text, headers })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text()
  }

  /** Resolves once every line that the log holds is counted; rejects when that does not get on for a minute. */
  async counted(): Promise<void> {
    let least = Number.POSITIVE_INFINITY
    for (let end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
      const lags = [...(await this.metrics()).matchAll(/^millrace_stream_lag_lines\{.*\} (\d+)$/gm)]
      const lag = lags.reduce((sum, [, lines]) => sum + Number(lines), 0)
      if (lags.length > 0 && lag === 0) return
      if (lags.length > 0 && lag < least) {
        least = lag
        end = Date.now() + PATIENCE_MS
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`lines were not counted in time: ${this.#said}`)
  }

  /** Gives the exit status, or the signal by which it ended. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    if (!this.isRunning) return Promise.resolve(this.#child.exitCode ?? this.#child.signalCode)
    return new Promise((resolve) => {
      this.#child.once('close', (status, killer) => resolve(killer ?? status))
      this.#child.kill(signal)
    })
  }
}
