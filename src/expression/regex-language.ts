/** Do two regular expressions match a text in common? Asked of their automata, walked side by side. */
import { MAX_CODE_POINT, type Ranges, type RegexNode } from './regex-node.ts'

/** The end of the text counts as one more character. */
const END = MAX_CODE_POINT + 1
/** Automata beyond this size are not looked into. */
const MAX_STATES = 3000
const MAX_PAIRS = 100_000

export const ANY_CHARACTER: RegexNode = { kind: 'set', ranges: [[0, END]] }
export const ANY_TEXT: RegexNode = {
  kind: 'repeat',
  body: ANY_CHARACTER,
  least: 0,
  most: Number.POSITIVE_INFINITY,
  lazy: false,
}

interface State {
  /** Where to without a character. */
  readonly skips: State[]
  step?: { readonly ranges: Ranges; readonly to: State }
}

class Automaton {
  readonly #last: State = { skips: [] }
  readonly start: State
  #size = 1

  constructor(tree: RegexNode) {
    this.start = this.#add(tree, this.#last)
  }

  accepts(state: State): boolean {
    return state === this.#last
  }

  /** The state from which `node` leads to `to`. */
  #add(node: RegexNode, to: State): State {
    switch (node.kind) {
      case 'set':
        return this.#state([], { ranges: node.ranges, to })
      case 'end':
        return this.#state([], { ranges: [[END, END]], to })
      case 'start':
        return to
      case 'group':
        return this.#add(node.body, to)
      case 'sequence':
        return node.parts.reduceRight((next, part) => this.#add(part, next), to)
      case 'choice':
        return this.#state(node.options.map((option) => this.#add(option, to)))
      case 'repeat':
        return this.#repeat(node, to)
    }
  }

  #repeat({ body, least, most }: Extract<RegexNode, { kind: 'repeat' }>, to: State): State {
    let next = to
    if (most === Number.POSITIVE_INFINITY) {
      next = this.#state([to])
      next.skips.push(this.#add(body, next))
    } else for (let n = least; n < most; n++) next = this.#state([to, this.#add(body, next)])
    for (let n = 0; n < least; n++) next = this.#add(body, next)
    return next
  }

  #state(skips: State[], step?: State['step']): State {
    if (++this.#size > MAX_STATES) throw new TooLarge()
    return step ? { skips, step } : { skips }
  }
}

class TooLarge extends Error {}

/** True also where the answer would take too long. */
export function mayMeet(a: RegexNode, b: RegexNode): boolean {
  try {
    return walk(new Automaton(a), new Automaton(b))
  } catch (error) {
    if (error instanceof TooLarge) return true
    throw error
  }
}

function walk(a: Automaton, b: Automaton): boolean {
  const seen = new Map<State, Set<State>>()
  const open: [State, State][] = []
  let pairs = 0
  const visit = (x: State, y: State) => {
    const others = seen.get(x) ?? new Set()
    if (others.has(y)) return
    if (++pairs > MAX_PAIRS) throw new TooLarge()
    seen.set(x, others.add(y))
    open.push([x, y])
  }
  visit(a.start, b.start)
  for (let pair = open.pop(); pair; pair = open.pop()) {
    const [x, y] = pair
    if (a.accepts(x) && b.accepts(y)) return true
    for (const next of x.skips) visit(next, y)
    for (const next of y.skips) visit(x, next)
    if (x.step && y.step && doOverlap(x.step.ranges, y.step.ranges)) visit(x.step.to, y.step.to)
  }
  return false
}

function doOverlap(a: Ranges, b: Ranges): boolean {
  return a.some(([low, high]) => b.some(([from, to]) => low <= to && from <= high))
}
