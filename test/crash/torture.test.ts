/**
 * kill -9 of the server under load, again and again on one data folder. Each line has a number of its own, and a client
 * repeats a batch under its key until it is acked: at the end every line was counted once, whatever died when. Late
 * lines and scheduled restatements run as well. MILLRACE_TORTURE_KILLS sets how often, MILLRACE_SEED when.
 */
import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { seeded } from '../contract/random-groups.ts'
import { Serving } from '../server/serving.ts'

const KILLS = Number(process.env.MILLRACE_TORTURE_KILLS ?? 20)
const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const CLIENTS = 3
const LINES_A_BATCH = 200
/** Some kills fall into the start itself. */
const LONGEST_LIFE_MS = 2500

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
`

const random = seeded(SEED)

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
      for (;;) await this.settle(server)
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

it(`loses no acked line and counts none twice through ${KILLS} kills (seed ${SEED})`, async () => {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(`c${index}`))
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await Serving.start(cwd)
    const sending = Promise.all(clients.map((client) => client.sendTo(server)))
    await new Promise((resolve) => setTimeout(resolve, random() * LONGEST_LIFE_MS))
    await server.stop('SIGKILL')
    await sending
    if ((kill + 1) % 50 === 0) console.log(`${kill + 1} kills, ${sum(clients)} lines acked`)
  }
  const server = await Serving.start(cwd)
  // What was under way at the last kill may have been durable without an ack.
  await Promise.all(clients.map((client) => client.settle(server)))
  await server.counted()
  await server.stop()
  expect((await millrace(['batch'], { cwd })).status).toBe(0)
  await finish(cwd, clients)
  rmSync(cwd, { recursive: true, force: true })
}, 36_000_000)

/** The windows of the last seconds are made final by a server without lines, then all is there once. */
async function finish(cwd: string, clients: readonly Client[]): Promise<void> {
  const server = await Serving.start(cwd)
  await new Promise((resolve) => setTimeout(resolve, 4000))
  await server.counted()
  for (const end = Date.now() + 120_000; Date.now() < end && (await lateLines(cwd)); )
    await new Promise((resolve) => setTimeout(resolve, 500))
  const verified = await millrace(['verify', '--metric', 'requests'], { cwd })
  expect(verified.stdout + verified.stderr).toContain('all cells are equal')
  const rows = await query(cwd, 'requests')
  for (const client of clients) {
    const own = rows.filter(([, name]) => name === `c${clients.indexOf(client)}`)
    const n = own.reduce((total, [, , records]) => total + Number(records), 0)
    const ids = own.reduce((total, [, , , sum]) => total + Number(sum), 0)
    expect(n).toBe(client.acked)
    expect(ids).toBe((client.acked * (client.acked - 1)) / 2)
  }
  await server.stop()
}

/** True while late lines wait for a restatement. */
async function lateLines(cwd: string): Promise<boolean> {
  const { stderr } = await millrace(['query', 'requests', '--step', '1d'], { cwd })
  return stderr.includes('came late')
}

function sum(clients: readonly Client[]): number {
  return clients.reduce((total, { acked }) => total + acked, 0)
}
