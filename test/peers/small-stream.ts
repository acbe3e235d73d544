/** A stream of a few lines on the embedded report: records in, tables out, and all lines kept for a batch run. */
import type { TimeRange } from '../../src/core/run-record.ts'
import { queryMetric } from '../../src/run/query-metric.ts'
import { defineText, sha256 } from '../pipeline.ts'
import { type Line, makeBatches, StreamWorld } from '../stream/stream-world.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
/** A whole hour. */
export const T0 = 1_700_002_800_000

const DEFINITION = `
sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { device: string, ms: integer } }
metrics:
  requests:
    source: web
    window: 1m
    dimensions: { device: device }
    measures: { n: count(), total: sum(ms), took: quantiles(ms) }
    allowed_lateness: 2m
`

export interface Sent {
  readonly ts: number
  readonly device?: string
  readonly ms?: number
}

export class SmallStream {
  readonly world = new StreamWorld(defineText(DEFINITION))
  readonly lines: Line[] = []

  /** One micro-batch of records that are observed at one time. */
  async at(observedMs: number, records: readonly Sent[]): Promise<void> {
    const fromOffset = this.lines.length
    const fresh = records.map(({ ts, device = 'd', ms = 1 }): Line => {
      return { observedMs, text: JSON.stringify({ ts, device, ms }) }
    })
    this.lines.push(...fresh)
    await this.world.advance(
      makeBatches(fresh, fromOffset, () => 1000),
      fromOffset,
      observedMs,
    )
  }

  /** The clock goes on without a line. */
  async clock(ms: number): Promise<void> {
    await this.world.advance([], this.lines.length, ms)
  }

  /** A batch run over all lines there are. */
  async restate(range: TimeRange): Promise<void> {
    await this.world.publish(await this.world.report(), this.lines, range)
  }

  async late() {
    return (await this.world.report()).lateRanges()
  }

  async totals(): Promise<string> {
    return (await this.world.totals(await this.world.report()))['requests']!
  }

  /** Totals of a batch run of its own over the same lines. */
  async batch(isFiltered: boolean): Promise<string> {
    return (await this.world.expected(this.lines, isFiltered))['requests']!
  }

  /** Counts by window start, all devices together. */
  async counts(range: TimeRange = {}): Promise<Record<number, number>> {
    const [windows, n] = (await this.ask(range)).table.columns
    return Object.fromEntries(windows!.values.map((window, row) => [Number(window), Number(n!.values[row])]))
  }

  async ask(range: TimeRange, measures: readonly string[] = ['n']) {
    const report = await this.world.report()
    const shared = Object.assign(Object.create(report), {
      close: async () => undefined,
      query: report.query.bind(report),
      metricState: report.metricState.bind(report),
    })
    const job = { definition: this.world.definition, digest: sha256, openReport: async () => shared }
    return queryMetric(job, { metric: 'requests', range, measures, by: [] })
  }

  async ledger() {
    return (await (await this.world.report()).streamState('web'))!.metrics[0]!.ledger
  }

  async finalBeforeMs(): Promise<number> {
    return (await (await this.world.report()).metricState('requests'))!.finalBeforeMs!
  }

  close(): Promise<void> {
    return this.world.close()
  }
}
