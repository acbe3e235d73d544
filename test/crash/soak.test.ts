/**
 * The server as its user has it for half an hour: a steady rate of lines, a restart in the middle, clients that repeat a
 * batch under its key until it is acked. Then the totals are those of the raw lines, and every line is in them once.
 * MILLRACE_SOAK_SECONDS sets how long, MILLRACE_SOAK_RATE how many lines a second. One line in a thousand is late.
 */
import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'

const SECONDS = Number(process.env.MILLRACE_SOAK_SECONDS ?? 10)
const RATE = Number(process.env.MILLRACE_SOAK_RATE ?? 20_000)
const CLIENTS = 4
const BATCH_LINES = 1000
const LINE_BYTES = 210
const LATE_MS = 3_600_000
const TICK_MS = 10

/** Some are final before the end, so that there are cells to verify. */
const [WINDOW, LATENESS] = SECONDS < 120 ? ['1s', '1s'] : ['1m', '10s']
const DEFINITION = `sources:
  web:
    format: json
    time: { field: ts, layout: epoch_ms }
    fields: { id: integer, service: string, status: integer, ms: decimal(1), bytes: integer }
metrics:
  requests:
    source: web
    window: ${WINDOW}
    dimensions: { service: service, status: status }
    measures: { n: count(), ids: sum(id), slow: count(ms >= 1000) }
    allowed_lateness: ${LATENESS}
  traffic:
    source: web
    window: ${WINDOW}
    dimensions: { service: service, status: status }
    measures: { sent: sum(bytes), largest: max(bytes) }
    allowed_lateness: ${LATENESS}
  duration:
    source: web
    window: ${WINDOW}
    dimensions: { service: service, status: status }
    measures: { took: quantiles(ms) }
    allowed_lateness: ${LATENESS}
serve: { listen: "127.0.0.1:0", restate: scheduled }
`

/** Lines of one batch, numbered from `first`. */
function writeBatch(first: number): string {
  const now = Date.now()
  const lines = Array.from({ length: BATCH_LINES }, (_, index) => {
    const id = first + index
    const status = id % 50 === 0 ? 503 : id % 7 === 0 ? 404 : 200
    const head = `{"ts":${index === 0 ? now - LATE_MS : now},"id":${id},"service":"service-${id % 20}","status":${status},"ms":${(id * 7919) % 3000},"bytes":${(id * 104_729) % 100_000},"pad":"`
    return `${head}${'x'.repeat(Math.max(LINE_BYTES - head.length - 3, 0))}"}\n`
  })
  return lines.join('')
}

class Load {
  readonly cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  #server: Serving | undefined
  #next = 0
  acked = 0
  retries = 0
  readonly ackMs: number[] = []

  async start(): Promise<void> {
    this.#server = await Serving.start(this.cwd)
  }

  get server(): Serving {
    return this.#server!
  }

  /** Batches at the rate until the time is over; those that fall due while no server answers are sent afterwards. */
  async send(beganMs: number): Promise<void> {
    while (Date.now() < beganMs + SECONDS * 1000) {
      const place = this.#next++
      const dueMs = beganMs + (place * BATCH_LINES * 1000) / RATE
      await sleep(Math.max(0, dueMs - Date.now()))
      await this.#settle(place)
    }
  }

  async #settle(place: number): Promise<void> {
    const [text, startedMs] = [writeBatch(place * BATCH_LINES), Date.now()]
    for (;;) {
      const status = await this.server.send('web', text, `batch-${place}`).then(
        (answer) => answer.status,
        () => 0,
      )
      if (status === 200) break
      this.retries += 1
      await sleep(TICK_MS)
    }
    this.ackMs.push(Date.now() - startedMs)
    this.acked += BATCH_LINES
  }
}

async function json(load: Load, ...args: string[]) {
  const { status, stdout, stderr } = await millrace(['--json', ...args], { cwd: load.cwd })
  expect({ args, status, stderr: status === 0 ? '' : stderr }).toEqual({ args, status: 0, stderr: '' })
  return JSON.parse(stdout)
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * q), sorted.length - 1)]!
}

/** The bound of the bucket that holds it. */
function freshness(metrics: string, q: number): string {
  const buckets = [...metrics.matchAll(/freshness_seconds_bucket\{.*le="(.+)"\} (\d+)/g)]
  const total = Number(buckets.at(-1)?.[2])
  return buckets.find(([, , count]) => Number(count) >= q * total)?.[1] ?? '?'
}

/** Most memory that the server had, and the CPU that it took. */
function usageOf(pid: number): string {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  const cpu = (Number(fields[11]) + Number(fields[12])) / 100
  return `${Math.round(Number(peak?.[1]) / 1024)} MB at most, ${cpu.toFixed(0)} s of CPU`
}

function tell(load: Load, metrics: string): void {
  const bounds = [0.5, 0.99].map((q) => `${freshness(metrics, q)} s`).join(', ')
  console.log(
    `${load.acked} lines acked, ${load.retries} tries again; the server since its start: freshness p50, p99 at most ${bounds}; ${usageOf(load.server.pid)}`,
  )
}

it(
  `has every line once and verifies after ${SECONDS} s of ${RATE} lines/s with a restart in the middle`,
  async () => {
    const load = new Load()
    await load.start()
    const beganMs = Date.now()
    const sending = Promise.all(Array.from({ length: CLIENTS }, () => load.send(beganMs)))
    await sleep((SECONDS * 1000) / 2)
    tell(load, await load.server.metrics())
    expect(await load.server.stop()).toBe(0)
    await load.start()
    await sending
    const tookMs = Date.now() - beganMs
    tell(load, await load.server.metrics())
    const rate = Math.round((load.acked * 1000) / tookMs)
    console.log(
      `${rate} lines/s; ack p50 ${quantile(load.ackMs, 0.5)} ms, p99 ${quantile(load.ackMs, 0.99)} ms, most ${quantile(load.ackMs, 1)} ms`,
    )
    await load.server.counted()
    const ledgers = await json(load, 'ledger')
    for (const { ledger } of ledgers) {
      expect(ledger).toMatchObject({ appended: load.acked, rejected: 0 })
      expect(ledger.counted + ledger.late).toBe(load.acked)
      expect(ledger.late).toBeGreaterThanOrEqual(load.acked / BATCH_LINES)
    }
    const verified = await millrace(['verify'], { cwd: load.cwd })
    console.log(verified.stdout)
    expect(verified.stdout + verified.stderr).toContain('all cells are equal')
    await load.server.stop()
    const known = await millrace(
      ['query', 'requests', '--as-of', '2999-01-01', '--step', '1y', '--by', '', '--json'],
      { cwd: load.cwd },
    )
    const rows: { n: number; ids: number }[] = JSON.parse(known.stdout)
    const sum = (of: (row: { n: number; ids: number }) => number) =>
      rows.reduce((total, row) => total + of(row), 0)
    expect([sum(({ n }) => n), sum(({ ids }) => ids)]).toEqual([
      load.acked,
      (load.acked * (load.acked - 1)) / 2,
    ])
    rmSync(load.cwd, { recursive: true, force: true })
  },
  SECONDS * 1000 + 7_200_000,
)
