/** A data folder under a server that is killed, and the clients who know what it acked. */
import { rmSync } from 'node:fs'
import { expect } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'

const CLIENTS = 3
const LINES_A_BATCH = 200
/** Between batches, so that lives of seconds can count what they take in. */
const PAUSE_MS = 20

const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { client: string, id: integer } }
metrics:
  requests:
    source: web
    window: 1s
    dimensions: { client: client }
    measures: { n: count(), ids: sum(id), least: min(id), most: max(id), spread: quantiles(id) }
    allowed_lateness: 1s
  all:
    source: web
    window: 1h
    measures: { n: count(), ids: sum(id), distinct: distinct(id) }
serve: { listen: "127.0.0.1:0" }
archive: { mirror: mirror }
`

/** One client: its lines are numbered, and what was acked is never sent again. */
class Client {
  readonly #name: string
  acked = 0
  #batch = 0
  #text: string | undefined

  constructor(name: string) {
    this.#name = name
  }

  /** Sends until the server is gone. */
  async sendTo(server: Serving): Promise<void> {
    try {
      for (;;) {
        await this.settle(server)
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
    } catch {
      // The next server gets what this one did not ack.
    }
  }

  /** Sends the batch that was not acked yet, or else one more. */
  async settle(server: Serving): Promise<void> {
    this.#text ??= this.#write()
    const { status } = await server.send('web', this.#text, `${this.#name}-${this.#batch}`)
    if (status === 200) this.#next()
    else await new Promise((resolve) => setTimeout(resolve, 50))
  }

  #next(): void {
    this.acked += LINES_A_BATCH
    this.#batch += 1
    this.#text = undefined
  }

  /** Every twentieth line is of a minute ago, and so late. */
  #write(): string {
    const now = Date.now()
    const lines = Array.from({ length: LINES_A_BATCH }, (_, index) => {
      const ts = now - (index % 20 === 0 ? 60_000 : 0)
      return JSON.stringify({ ts, client: this.#name, id: this.acked + index })
    })
    return `${lines.join('\n')}\n`
  }
}

async function query(cwd: string, metric: string): Promise<string[][]> {
  const { stdout } = await millrace(['query', metric, '--step', '1d', '--format', 'csv'], { cwd })
  const rows = stdout.trim().split('\n').slice(1)
  return rows.map((row) => row.split(','))
}

export class TorturedWorld {
  readonly cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  readonly #clients = Array.from({ length: CLIENTS }, (_, index) => new Client(`c${index}`))

  get acked(): number {
    return this.#clients.reduce((total, { acked }) => total + acked, 0)
  }

  /** All clients send until the server is gone. */
  async sendTo(server: Serving): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.sendTo(server)))
  }

  /** Every line that was acked was counted once, whatever happened; removes the folder. */
  async expectAllOnce(): Promise<void> {
    await this.#settle()
    await this.#expectTotals()
    rmSync(this.cwd, { recursive: true, force: true })
  }

  /** What was under way at the last kill may have been durable without an ack. */
  async #settle(): Promise<void> {
    const server = await Serving.start(this.cwd)
    await Promise.all(this.#clients.map((client) => client.settle(server)))
    await server.counted()
    await server.stop()
    expect((await millrace(['batch'], { cwd: this.cwd })).status).toBe(0)
  }

  /** The windows of the last seconds are made final by a server without lines, then all is there once. */
  async #expectTotals(): Promise<void> {
    const { cwd } = this
    const server = await Serving.start(cwd)
    await new Promise((resolve) => setTimeout(resolve, 4000))
    await server.counted()
    for (const end = Date.now() + 120_000; Date.now() < end && (await lateLines(cwd)); )
      await new Promise((resolve) => setTimeout(resolve, 500))
    const verified = await millrace(['verify', '--metric', 'requests'], { cwd })
    expect(verified.stdout + verified.stderr).toContain('all cells are equal')
    const rows = await query(cwd, 'requests')
    for (const [index, { acked }] of this.#clients.entries()) {
      const own = rows.filter(([, name]) => name === `c${index}`)
      const total = (column: number) => own.reduce((sum, row) => sum + Number(row[column]), 0)
      expect([total(2), total(3)]).toEqual([acked, (acked * (acked - 1)) / 2])
    }
    await server.stop()
  }
}

/** True while late lines wait for a restatement. */
async function lateLines(cwd: string): Promise<boolean> {
  const { stderr } = await millrace(['query', 'requests', '--step', '1d'], { cwd })
  return stderr.includes('came late')
}
