/** Random metrics over the fields of a source: well-typed expressions of every operator and function. */
import type { Random } from './random.ts'
import { RECORDS } from './tally-model.ts'
import type { ModelMetric, ModelSource } from './vocabulary.ts'

type Kind = 'boolean' | 'integer' | 'decimal' | 'string' | 'float'

export function randomMetric(random: Random, source: ModelSource, name: string): ModelMetric {
  const writer = new ExpressionWriter(random, source)
  const dimensions = Array.from({ length: random.pick([0, 1, 1, 2, 2, 3]) }, (_, index) => {
    const kind = random.pick(['string', 'string', 'integer', 'decimal', 'boolean'] as const)
    return { name: `d${index}`, text: writer.write(kind, random.int(0, 2)) }
  })
  const measures = Array.from({ length: random.int(1, 4) }, (_, index) => {
    return { name: `m${index}`, text: writer.measure() }
  })
  return {
    name,
    ...(random.chance(0.5) && { where: writer.write('boolean', random.int(1, 3)) }),
    windowMs: random.pick([250, 1000, 60_000, 3_600_000, 86_400_000]),
    dimensions,
    measures: [{ name: RECORDS, text: 'count()' }, ...measures],
  }
}

const TEXTS = ['', 'a', 'GET', 'b', "it's", 'é', '😀', 'z\\', '"q"', 'A b', '%', 'null', 'Ab']
const PATTERNS = ['a%', '%b%', '_', '%\\%%', 'G_T', '%', '', '_%_', "it's", '%é', '\\\\%', '😀']
const REGEXES = ['^a', 'b', 'G.T', '[A-Z]+', '^$', '(a|b) ?', '[0-9]{2}', 'é', '^[a-z]*$']
const TIME_PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second', 'day_of_week']

class ExpressionWriter {
  readonly #random: Random
  readonly #fields: Readonly<Record<Kind, readonly string[]>>

  constructor(random: Random, source: ModelSource) {
    this.#random = random
    const byKind = (kind: string) =>
      source.fields.filter(({ type }) => type.startsWith(kind)).map(({ name }) => quoteName(name))
    this.#fields = {
      boolean: byKind('boolean'),
      integer: byKind('integer'),
      decimal: byKind('decimal'),
      string: byKind('string'),
      float: byKind('float'),
    }
  }

  measure(): string {
    const aggregate = this.#random.pick([
      'count',
      'sum',
      'sum',
      'min',
      'max',
      'mean',
      'quantiles',
      'distinct',
    ] as const)
    const depth = this.#random.int(0, 2)
    if (aggregate === 'count') return `count(${this.write('boolean', depth)})`
    if (aggregate === 'quantiles') return `quantiles(${this.write(this.#exact(), depth)})`
    if (aggregate === 'distinct') {
      const kind = this.#random.pick(['string', 'integer', 'decimal', 'boolean'] as const)
      const registers = this.#random.pick(['', '', ', 16', ', 64', ', 4096'])
      return `distinct(${this.write(kind, depth)}${registers})`
    }
    const kind = this.#random.chance(0.15) ? 'float' : this.#exact()
    return `${aggregate}(${this.write(kind, kind === 'float' ? 0 : depth)})`
  }

  write(kind: Kind, depth: number): string {
    if (depth <= 0) return this.#leaf(kind)
    if (this.#random.chance(0.15)) return this.#choice(kind, depth)
    const down = (of: Kind) => this.write(of, depth - 1 - this.#random.int(0, 1))
    if (kind === 'boolean') return this.#boolean(down)
    if (kind === 'string') return this.#string(down)
    return kind === 'integer'
      ? this.#integer(down)
      : kind === 'decimal'
        ? this.#decimal(down)
        : this.#leaf(kind)
  }

  #exact(): 'integer' | 'decimal' {
    return this.#random.pick(['integer', 'decimal'] as const)
  }

  #leaf(kind: Kind): string {
    const random = this.#random
    if (random.chance(0.75) && this.#fields[kind].length > 0) return random.pick(this.#fields[kind])
    switch (kind) {
      case 'boolean':
        return random.pick(['true', 'false'])
      case 'string':
        return quoteText(random.pick(TEXTS))
      case 'integer':
        return random.chance(0.3)
          ? `${random.pick(TIME_PARTS)}(ts)`
          : String(random.pick([0, 1, 2, 7, 10, 100, 1000]))
      case 'decimal':
        return random.pick(['0.5', '1.25', '10.0', '0.001', '99.99'])
      case 'float':
        return this.#fields.float[0] ?? '0.5'
    }
  }

  #choice(kind: Kind, depth: number): string {
    const value = () => (this.#random.chance(0.1) ? 'null' : this.write(kind, depth - 1))
    const random = this.#random
    if (random.chance(0.4)) return `coalesce(${this.write(kind, depth - 1)}, ${value()})`
    const otherwise = random.chance(0.7) ? ` else ${value()}` : ''
    return `case when ${this.write('boolean', depth - 1)} then ${this.write(kind, depth - 1)}${otherwise} end`
  }

  #boolean(down: (kind: Kind) => string): string {
    const random = this.#random
    const kind = random.pick(['integer', 'decimal', 'string', 'string', 'float'] as const)
    const not = random.pick(['', 'not '])
    switch (random.int(0, 8)) {
      case 0:
        return `(${down('boolean')} ${random.pick(['and', 'or'])} ${down('boolean')})`
      case 1:
        return `(not ${down('boolean')})`
      case 2:
        return `(${down(kind)} is ${not}null)`
      case 3:
        return `(${down(kind)} ${not}in (${down(kind)}, ${random.chance(0.2) ? 'null' : down(kind)}))`
      case 4:
        return `(${down(kind)} ${not}between ${down(kind)} and ${down(kind)})`
      case 5:
        return `(${down('string')} ${not}like ${quoteText(random.pick(PATTERNS))})`
      case 6:
        return `regexp_matches(${down('string')}, ${quoteText(random.pick(REGEXES))})`
      default:
        return `(${down(kind)} ${random.pick(['=', '<>', '<', '<=', '>', '>=', '!='])} ${down(kind)})`
    }
  }

  #integer(down: (kind: Kind) => string): string {
    switch (this.#random.int(0, 5)) {
      case 0:
        return `(- ${down('integer')})`
      case 1:
        return `length(${down('string')})`
      case 2:
        return `abs(${down('integer')})`
      case 3:
        return `${this.#random.pick(['least', 'greatest'])}(${down('integer')}, ${down('integer')})`
      default:
        return `(${down('integer')} ${this.#random.pick(['+', '-', '*', '/', '/', '%'])} ${down('integer')})`
    }
  }

  #decimal(down: (kind: Kind) => string): string {
    const random = this.#random
    const other = () => down(this.#exact())
    switch (random.int(0, 4)) {
      case 0:
        return `(- ${down('decimal')})`
      case 1:
        return `abs(${down('decimal')})`
      case 2:
        return `${random.pick(['least', 'greatest'])}(${down('decimal')}, ${other()})`
      default: {
        const sides = random.shuffle([down('decimal'), other()])
        return `(${sides[0]} ${random.pick(['+', '-', '*', '/', '/', '%'])} ${sides[1]})`
      }
    }
  }

  #string(down: (kind: Kind) => string): string {
    const random = this.#random
    switch (random.int(0, 4)) {
      case 0:
        return `concat(${down('string')}, ${down('string')})`
      case 1:
        return `(${down('string')} || ${down('string')})`
      case 2:
        return `substring(${down('string')}, ${random.int(1, 3)}${random.pick(['', ', 0', ', 1', ', 2'])})`
      default:
        return `${random.pick(['lower', 'upper', 'trim'])}(${down('string')})`
    }
  }
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export function quoteName(name: string): string {
  return /^[A-Za-z_@][A-Za-z0-9_@]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
