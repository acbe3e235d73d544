/** Plays one of Beam's trigger transcripts on the embedded stream: the observed clock stands for the watermark. */
import { defineText } from '../pipeline.ts'
import { type Line, makeBatches, StreamWorld } from '../stream/stream-world.ts'

export interface Pane {
  readonly window: readonly [number, number]
  readonly values: readonly number[]
  readonly timestamp?: number
  readonly index?: number
  readonly final?: boolean
  readonly late?: boolean
}

export interface Transcript {
  readonly name: string
  /** Its tests of the runner itself misspell the key in one place. */
  readonly window_fn?: string
  readonly windowfn?: string
  readonly trigger_fn?: string
  readonly timestamp_combiner?: string
  readonly accumulation_mode?: string
  readonly allowed_lateness?: number
  /** The transcript is wrong by intent, and a runner must say this. */
  readonly error?: string
  readonly transcript: readonly { input?: number[]; watermark?: number; expect?: Pane[] }[]
}

export interface Shown {
  readonly window: readonly [number, number]
  readonly values: readonly number[]
  readonly earliest: number
  readonly index: number
  readonly isFinal: boolean
}

/** A unit of the transcript is a second after this. */
const ZERO_MS = 1_700_000_040_000

function define(seconds: number, lateness: number): string {
  const shape = `source: web, window: ${seconds}s, allowed_lateness: ${lateness}s`
  return `
sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { t: integer } }
metrics:
  elements: { ${shape}, dimensions: { t: t }, measures: { n: count() } }
  sums: { ${shape}, measures: { n: count(), total: sum(t), least: min(t) } }
`
}

export class TranscriptRun {
  readonly #world: StreamWorld
  readonly #seconds: number
  readonly #latenessMs: number
  readonly #shown = new Map<number, { text: string; times: number }>()
  readonly #finished = new Map<number, string>()
  #clockMs = ZERO_MS
  #offset = 0

  constructor({ window_fn, windowfn, allowed_lateness = 0 }: Transcript) {
    this.#seconds = Number(/FixedWindows\w*\((\d+)\)/.exec(window_fn ?? windowfn ?? '')![1])
    this.#latenessMs = allowed_lateness * 1000
    this.#world = new StreamWorld(defineText(define(this.#seconds, allowed_lateness)))
  }

  async input(times: readonly number[]): Promise<void> {
    const lines = times.map((t): Line => {
      return { observedMs: this.#clockMs, text: JSON.stringify({ ts: ZERO_MS + t * 1000, t }) }
    })
    const batches = makeBatches(lines, this.#offset, () => 100)
    await this.#world.advance(batches, this.#offset, this.#clockMs)
    this.#offset += lines.length
  }

  watermark(time: number): Promise<void> {
    return this.clock(ZERO_MS + time * 1000)
  }

  async clock(ms: number): Promise<void> {
    this.#clockMs = ms
    await this.#world.advance([], this.#offset, ms)
  }

  /** What the default trigger of Beam would show now: windows whose end has passed, and that have changed. */
  async fired(): Promise<Shown[]> {
    const finalBeforeMs = await this.#finalBefore()
    const fired: Shown[] = []
    for (const [start, { values, earliest }] of await this.windows()) {
      const endMs = ZERO_MS + (start + this.#seconds) * 1000
      const isFinal = ZERO_MS + start * 1000 < finalBeforeMs
      this.#checkFinality(start, isFinal, this.#clockMs >= endMs + this.#latenessMs, values.join())
      const before = this.#shown.get(start)
      if (endMs > this.#clockMs || before?.text === values.join()) continue
      const index = before?.times ?? 0
      this.#shown.set(start, { text: values.join(), times: index + 1 })
      fired.push({ window: [start, start + this.#seconds - 1], values, earliest, index, isFinal })
    }
    return fired
  }

  /** By start: the elements that count, which the totals without dimensions must agree with. */
  async windows(): Promise<Map<number, { values: number[]; earliest: number }>> {
    const answers = await this.#world.totals(await this.#world.report())
    const windows = new Map<number, { values: number[]; earliest: number }>()
    for (const [start, n, total, least] of rowsOf(answers['sums']!)) {
      const elements = rowsOf(answers['elements']!).filter(([window]) => window === start)
      const values = elements.flatMap(([, t, times]) => Array.from({ length: times! }, () => t!))
      const sum = values.reduce((a, b) => a + b, 0)
      if (values.length !== n || sum !== total) throw new Error(`sums of window ${start} disagree`)
      windows.set(start!, { values: values.sort((a, b) => a - b), earliest: least! })
    }
    return windows
  }

  /** The last millisecond of the allowance of a window yet to come, and the one after it. */
  async edges(): Promise<{ readonly start: number; readonly last: number; readonly after: number }> {
    const start = Math.floor((this.#clockMs - ZERO_MS) / 1000 / this.#seconds) * this.#seconds
    const after = ZERO_MS + (start + this.#seconds) * 1000 + this.#latenessMs
    return { start, last: after - 1, after }
  }

  /** Late elements by the start of their window, from the notes; the ledger must have as many. */
  async late(): Promise<Record<number, number>> {
    const report = await this.#world.report()
    const notes = (await report.lateRanges()).filter(({ metric }) => metric === 'sums')
    const state = await report.streamState('web')
    const { ledger } = state!.metrics.find(({ metric }) => metric === 'sums')!
    const noted = notes.reduce((sum, { lines }) => sum + lines, 0)
    if (noted !== ledger.late)
      throw new Error(`${noted} late elements are noted, ${ledger.late} in the ledger`)
    return Object.fromEntries(notes.map(({ fromMs, lines }) => [(fromMs - ZERO_MS) / 1000, lines]))
  }

  close(): Promise<void> {
    return this.#world.close()
  }

  async #finalBefore(): Promise<number> {
    const state = await (await this.#world.report()).metricState('sums')
    return state?.finalBeforeMs ?? Number.NEGATIVE_INFINITY
  }

  #checkFinality(start: number, isFinal: boolean, isDue: boolean, values: string): void {
    if (isFinal !== isDue)
      throw new Error(`window ${start} is ${isFinal ? 'final' : 'provisional'} at the wrong time`)
    if (!isFinal) return
    const finished = this.#finished.get(start) ?? values
    if (finished !== values) throw new Error(`window ${start} has changed after it was final`)
    this.#finished.set(start, values)
  }
}

/** Numbers of a table printed as CSV, its first column in the transcript's units. */
function rowsOf(csv: string): number[][] {
  const rows = csv.trim().split('\n').slice(1)
  return rows.map((row) => {
    const [window, ...rest] = row.split(',')
    return [(Date.parse(window!) - ZERO_MS) / 1000, ...rest.map(Number)]
  })
}
