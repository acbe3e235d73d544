/** The model's own recursive-descent parser of expressions. */

export type Tree =
  | { readonly op: 'name' | 'text' | 'number'; readonly value: string }
  | { readonly op: 'true' | 'false' | 'null' }
  | { readonly op: 'call'; readonly fn: string; readonly args: readonly Tree[] }
  | { readonly op: 'case'; readonly whens: readonly (readonly [Tree, Tree])[]; readonly otherwise: Tree }
  | { readonly op: 'in'; readonly args: readonly Tree[] }
  | {
      readonly op: 'not' | 'negate' | 'is_null' | 'and' | 'or' | 'like' | '||' | Comparison | Arithmetic
      readonly args: readonly Tree[]
    }

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='
export type Arithmetic = '+' | '-' | '*' | '/' | '%'

const TOKEN =
  /\s*(?:([A-Za-z_@][A-Za-z0-9_@]*(?:\.[A-Za-z_@][A-Za-z0-9_@]*)*)|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|(\d+(?:\.\d+)?)|(<>|!=|<=|>=|\|\||[=<>+\-*/%(),]))/y
const WORDS = new Set('and or not in between like is null true false case when then else end'.split(' '))

interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'symbol' | 'end'
  readonly value: string
}

export function parseTree(text: string): Tree {
  const parser = new TreeParser(tokensOf(text))
  const tree = parser.or()
  parser.expect('')
  return tree
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (TOKEN.lastIndex = 0; text.slice(TOKEN.lastIndex).trim() !== ''; ) {
    const from = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (!match) throw new Error(`cannot read ${text.slice(from)}`)
    const [, name, quoted, literal, number, symbol] = match
    if (name !== undefined && WORDS.has(name.toLowerCase()))
      tokens.push({ kind: 'symbol', value: name.toLowerCase() })
    else if (name !== undefined) tokens.push({ kind: 'name', value: name })
    else if (quoted !== undefined) tokens.push({ kind: 'name', value: quoted.replaceAll('""', '"') })
    else if (literal !== undefined) tokens.push({ kind: 'text', value: literal.replaceAll("''", "'") })
    else if (number !== undefined) tokens.push({ kind: 'number', value: number })
    else tokens.push({ kind: 'symbol', value: symbol! })
  }
  return [...tokens, { kind: 'end', value: '' }]
}

class TreeParser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  #accept(...symbols: string[]): string | undefined {
    const { kind, value } = this.#tokens[this.#at]!
    if ((kind !== 'symbol' && kind !== 'end') || !symbols.includes(value)) return undefined
    this.#at++
    return value
  }

  expect(symbol: string): void {
    if (this.#accept(symbol) === undefined)
      throw new Error(`expected ${symbol || 'the end'}, found ${this.#tokens[this.#at]!.value}`)
  }

  or(): Tree {
    return this.#chain(['or'], () => this.#chain(['and'], () => this.#not()))
  }

  #chain(operators: readonly string[], next: () => Tree): Tree {
    let left = next()
    for (let op = this.#accept(...operators); op; op = this.#accept(...operators))
      left = { op: op as Arithmetic, args: [left, next()] }
    return left
  }

  #not(): Tree {
    return this.#accept('not') ? { op: 'not', args: [this.#not()] } : this.#comparison()
  }

  #comparison(): Tree {
    const left = this.#sum()
    if (this.#accept('is')) {
      const negated = this.#accept('not')
      this.expect('null')
      return negate(negated, { op: 'is_null', args: [left] })
    }
    const negated = this.#accept('not')
    if (this.#accept('in')) return negate(negated, { op: 'in', args: [left, ...this.#list()] })
    if (this.#accept('like')) return negate(negated, { op: 'like', args: [left, this.#sum()] })
    if (this.#accept('between')) {
      const low: Tree = { op: '>=', args: [left, this.#sum()] }
      this.expect('and')
      return negate(negated, { op: 'and', args: [low, { op: '<=', args: [left, this.#sum()] }] })
    }
    const op = this.#accept('=', '<>', '!=', '<', '<=', '>', '>=')
    return op ? { op: (op === '!=' ? '<>' : op) as Comparison, args: [left, this.#sum()] } : left
  }

  #sum(): Tree {
    return this.#chain(['||'], () =>
      this.#chain(['+', '-'], () => this.#chain(['*', '/', '%'], () => this.#unary())),
    )
  }

  #unary(): Tree {
    return this.#accept('-') ? { op: 'negate', args: [this.#unary()] } : this.#primary()
  }

  #list(): Tree[] {
    const items: Tree[] = []
    this.expect('(')
    if (this.#accept(')')) return items
    do items.push(this.or())
    while (this.#accept(','))
    this.expect(')')
    return items
  }

  #primary(): Tree {
    if (this.#accept('case')) return this.#case()
    const word = this.#accept('true', 'false', 'null')
    if (word) return { op: word as 'true' }
    if (this.#accept('(')) {
      const inner = this.or()
      this.expect(')')
      return inner
    }
    const token = this.#tokens[this.#at++]!
    if (token.kind === 'symbol' || token.kind === 'end') throw new Error(`unexpected ${token.value}`)
    const following = this.#tokens[this.#at]!
    if (token.kind === 'name' && following.kind === 'symbol' && following.value === '(')
      return { op: 'call', fn: token.value.toLowerCase(), args: this.#list() }
    return { op: token.kind, value: token.value }
  }

  #case(): Tree {
    const whens: [Tree, Tree][] = []
    while (this.#accept('when')) {
      const when = this.or()
      this.expect('then')
      whens.push([when, this.or()])
    }
    const otherwise: Tree = this.#accept('else') ? this.or() : { op: 'null' }
    this.expect('end')
    return { op: 'case', whens, otherwise }
  }
}

function negate(negated: string | undefined, tree: Tree): Tree {
  return negated ? { op: 'not', args: [tree] } : tree
}
