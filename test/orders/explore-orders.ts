/**
 * Every order of operations up to a length, each state once, held against the model: what is refused, what is counted,
 * and what `verify` says, as it stands, and at the ends also with a server that has caught up and after a batch without one.
 */
import { createHash } from 'node:crypto'
import { MillraceError } from '../../src/core/error.ts'
import {
  after,
  BEGINNING,
  isPossible,
  type MetricName,
  type Model,
  OPERATIONS,
  type Operation,
  refusal,
} from './order-model.ts'
import type { Kept, OrderWorld } from './order-world.ts'

/** Where one order of operations has come to. */
interface Place {
  readonly path: readonly Operation[]
  readonly model: Model
  /** The last state in which no server ran, and what was done since: a server's memory cannot be kept. */
  readonly base: Kept
  readonly since: readonly Operation[]
}

export interface Explored {
  /** Orders that were run, and distinct states in which no server ran. */
  readonly orders: number
  readonly states: number
}

/** One operation, and where it begins. */
interface Step {
  readonly place: Place
  readonly operation: Operation
}

/** The worlds share the work, each in a data folder of its own. */
export async function exploreOrders(worlds: readonly OrderWorld[], length: number): Promise<Explored> {
  const explored = new Exploration()
  const explorers = worlds.map((world) => new Explorer(world, explored))
  let places = [await explorers[0]!.begin()]
  for (let depth = 1; depth <= length; depth++) {
    const reached = await eachOf(stepsFrom(places), explorers, (step, explorer) => explorer.take(step))
    places = reached.filter((place) => place !== undefined)
  }
  await eachOf(places, explorers, (place, explorer) => explorer.end(place))
  return explored
}

function stepsFrom(places: readonly Place[]): Step[] {
  return places.flatMap((place) =>
    OPERATIONS.filter((operation) => isPossible(place.model, operation)).map((operation) => ({
      ...{ place, operation },
    })),
  )
}

/** What each item gives, in their order; each worker takes the next item when it is free. */
async function eachOf<Item, Worker, Result>(
  items: readonly Item[],
  workers: readonly Worker[],
  act: (item: Item, worker: Worker) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = items.entries()
  const work = async (worker: Worker) => {
    for (const [place, item] of waiting) results[place] = await act(item, worker)
  }
  await Promise.all(workers.map(work))
  return results
}

class Exploration implements Explored {
  readonly #seen = new Set<string>()
  orders = 0

  get states(): number {
    return this.#seen.size
  }

  /** The number of a state that no order has led to before. */
  add(digest: string): number | undefined {
    if (this.#seen.has(digest)) return undefined
    return this.#seen.add(digest).size
  }
}

class Explorer {
  readonly #world: OrderWorld
  readonly #explored: Exploration

  constructor(world: OrderWorld, explored: Exploration) {
    this.#world = world
    this.#explored = explored
  }

  async begin(): Promise<Place> {
    return { path: [], model: BEGINNING, base: await this.#world.keep('state-0'), since: [] }
  }

  /** Where it leads to; undefined where another order has led to that. */
  take({ place, operation }: Step): Promise<Place | undefined> {
    return told([...place.path, operation], () => this.#take(place, operation))
  }

  end(place: Place): Promise<void> {
    return told([...place.path, 'ends'], () => this.#end(place))
  }

  async #take(place: Place, operation: Operation): Promise<Place | undefined> {
    this.#explored.orders++
    await this.#goTo(place)
    const model = await this.#apply(place.model, operation)
    // An operation that is refused, or only looked for work, changes nothing.
    if (model === place.model) return undefined
    const path = [...place.path, operation]
    if (model.isServing) {
      await this.#check(model)
      return { path, model, base: place.base, since: [...place.since, operation] }
    }
    const digest = createHash('sha256')
      .update(await this.#world.state())
      .digest('hex')
    const state = this.#explored.add(digest)
    if (!state) return undefined
    const base = await this.#world.keep(`state-${state}`)
    await this.#check(model)
    return { path, model, base, since: [] }
  }

  async #goTo({ base, since }: Place): Promise<void> {
    await this.#world.putBack(base)
    for (const operation of since) await this.#world.apply(operation)
  }

  /** The model afterwards, which is the same one where the operation is refused. */
  async #apply(model: Model, operation: Operation): Promise<Model> {
    const expected = refusal(model, operation)
    const code = await codeOf(this.#world.apply(operation))
    equal('refusal', code, expected)
    return expected === undefined ? after(model, operation) : model
  }

  /** What the report holds as it stands. */
  async #check({ isServing, report, lines, metrics }: Model): Promise<void> {
    const counts = await this.#world.counts()
    equal('metrics', Object.keys(counts).sort().join(), Object.keys(report.metrics).sort().join())
    for (const [metric, { from, end }] of Object.entries(report.metrics)) {
      const count = counts[metric]!
      // Windows that a metric began in are counted whole, however much of its history is not.
      const isRight = from === 0 ? count === end : count >= end - from && count <= end
      if (!isRight) throw new Error(`${metric} counts ${count} lines, of ${from}..${end}`)
    }
    const isWhole = (metric: MetricName) => report.metrics[metric]?.from === 0
    const whole = metrics.filter(isWhole)
    for (const { metric, cells, differing, behind } of whole.length > 0
      ? await this.#world.verify(whole)
      : []) {
      // Beside a server it may be that no window is final.
      const found = { differing, isCompared: cells > 0 || isServing, behind }
      const missing = lines - report.metrics[metric as MetricName]!.end
      equal(`verify of ${metric}`, found, { differing: 0, isCompared: true, behind: missing })
    }
    // Without its history a metric is not whole, and `verify` does not call it so.
    for (const metric of metrics.filter((one) => !isWhole(one))) {
      const code = report.metrics[metric] ? 'VERIFY_NOT_COMPUTED' : 'METRIC_WITHOUT_TOTALS'
      equal(`verify of ${metric}`, await codeOf(this.#world.verify([metric])), code)
    }
  }

  /** Every line in the totals: by a server that has caught up, and by a batch after it, or without any. */
  async #end(place: Place): Promise<void> {
    if (!place.model.isServing) {
      await this.#endBy(place, ['serve', 'stop'])
      if (place.model.lines > 0) await this.#endBy(place, ['batch'])
    } else if (place.model.lines > 0) await this.#endBy(place, ['stop', 'batch'])
  }

  async #endBy(place: Place, operations: readonly Operation[]): Promise<void> {
    await this.#goTo(place)
    let { model } = place
    for (const operation of operations) {
      model = await this.#apply(model, operation)
      if (operation !== 'stop') await this.#check(model)
    }
    if (!operations.includes('batch')) return
    const counted = model.metrics.map((metric) => model.report.metrics[metric]!)
    const isWhole = counted.every(({ from, end }) => from === 0 && end === model.lines)
    equal('that the model counts every line', isWhole, true)
  }
}

/** Undefined where it is not refused. */
async function codeOf(act: Promise<unknown>): Promise<string | undefined> {
  try {
    await act
    return undefined
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}

function equal(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [canonical(found), canonical(expected)]
  if (a !== b) throw new Error(`${what}: found ${a}, and ${b} was expected`)
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1))
  return `{ ${entries.map(([key, one]) => `${key}: ${canonical(one)}`).join(', ')} }`
}

/** A failure says which order led to it. */
async function told<T>(path: readonly string[], act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`after ${path.join(', ')}: ${why}`, { cause: error })
  }
}
