/** `millrace serve` with a job of Flink, the lines that were sent to it, and what must have become of them. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { type Ended, makeFolder } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { inFolder, jobRuns } from './flink-job.ts'

const BATCH_LINES = 50
/** So that no line is late, whatever is killed meanwhile. */
const LONG = '10m'

export interface WorldOptions {
  /** Options of `stream`, each after a comma. */
  readonly stream?: string
  /** Lines of the definition that name adapters for other roles than log and stream. */
  readonly roles?: string
  /** The topic of others that the lines come from. */
  readonly from?: string
  readonly lateness?: string
  readonly window?: string
}

export class JobWorld {
  readonly prefix = `t${randomUUID().slice(0, 8)}.`
  readonly cwd: string
  /** The name of its one source at the moment. */
  source = 'web'
  readonly #hasFinals: boolean
  #server: Serving | undefined
  /** Since the definition is as it is; the offsets are those of a log that lost no line without a word. */
  sent: { service: string; id: number; offset: number }[] = []
  /** Lines that nobody can read. */
  odd = 0
  /** Of both kinds, ever. */
  lines = 0

  constructor({ stream = '', roles = '', from, lateness = LONG, window = '1s' }: WorldOptions) {
    this.#hasFinals = lateness !== LONG
    const kafka = clusterAddress('kafka')
    const flink = clusterAddress('flink')
    const source = `format: json, ${from ? `from: { kafka: ${from} }, ` : ''}time: { field: ts, layout: epoch_ms }`
    this.cwd = makeFolder({
      'millrace.yaml': `sources:
  web: { ${source}, fields: { service: string, id: integer } }
metrics:
  requests:
    source: web
    window: ${window}
    dimensions: { service: service }
    measures: { n: count(), ids: sum(id), spread: quantiles(id), users: distinct(id) }
    allowed_lateness: ${lateness}
log: { kafka: "${kafka.brokers}", topic_prefix: "${this.prefix}", partitions: 2 }
stream: { flink: "${flink.gateway}", rest: "${flink.rest}"${stream} }
${roles}serve: { listen: "127.0.0.1:0" }
`,
    })
  }

  static async start(options: WorldOptions = {}): Promise<JobWorld> {
    const world = new JobWorld(options)
    await world.serve()
    return world
  }

  async serve(): Promise<void> {
    this.#server = await Serving.start(this.cwd)
  }

  get server(): Serving {
    return this.#server!
  }

  run(...args: string[]): Promise<Ended> {
    return inFolder(this.cwd)(...args)
  }

  /** Most are plain; some Flink has to pass on, and some nobody can read. */
  makeBatch(isOdd: boolean): string[] {
    const lines = Array.from({ length: BATCH_LINES }, (_, place) => {
      const line = { service: `s${this.sent.length % 3}`, id: this.sent.length }
      this.sent.push({ ...line, offset: this.lines++ })
      const text = JSON.stringify({ ts: Date.now(), ...line })
      return place === 7 ? text.replace('}', ',"deep":{"service":1}}') : text
    })
    if (!isOdd) return lines
    this.odd += 2
    this.lines += 2
    return [...lines, 'no JSON', '']
  }

  async send(batches: number, pauseMs = 20): Promise<void> {
    for (let batch = 0; batch < batches; batch++) {
      const text = `${this.makeBatch(batch % 5 === 0).join('\n')}\n`
      const key = randomUUID()
      const isAcked = async () => (await this.server.send(this.source, text, key)).status === 200
      for (const end = Date.now() + 60_000; !(await isAcked()); await sleep(200))
        if (Date.now() > end) throw new Error('nobody acked')
      await sleep(pauseMs)
    }
  }

  async deploy(): Promise<void> {
    const deployed = await this.run('stream', 'deploy')
    expect(deployed.stderr).toContain('begins where the totals stand')
    await jobRuns(this.cwd)
  }

  /** [records, sum of ids] of the whole time. */
  async totals(): Promise<[number, number]> {
    const { stdout } = await this.run('query', 'requests', '--step', '1d', '--format', 'csv')
    const rows = stdout.trim().split('\n').slice(1)
    return rows
      .map((line) => line.split(','))
      .reduce<[number, number]>(([n, ids], cells) => [n + Number(cells[2]), ids + Number(cells[3])], [0, 0])
  }

  get expected(): [number, number] {
    return [this.sent.length, this.sent.reduce((sum, { id }) => sum + id, 0)]
  }

  async expectAll(): Promise<void> {
    await this.server.counted()
    expect(await this.totals()).toEqual(this.expected)
    await this.expectVerified()
  }

  async expectVerified(): Promise<void> {
    let verified = await this.run('verify')
    // Late lines are restated at once, perhaps meanwhile.
    for (const end = Date.now() + 120_000; /Verify again/.test(verified.stderr) && Date.now() < end; )
      verified = await this.run('verify')
    // Windows that are not final are not compared; their totals the test compares itself.
    const found = this.#hasFinals ? 'all cells are equal' : /all cells are equal|Nothing was compared/
    expect(verified.stdout + verified.stderr).toMatch(found)
    expect((await this.run('ledger')).stdout).not.toMatch(/ no$/m)
  }

  get saidTakenOver(): boolean {
    return this.server.said.includes('counted here')
  }

  async close(): Promise<void> {
    await this.#server?.stop('SIGKILL')
    await this.run('stream', 'stop', '--cancel')
  }
}
