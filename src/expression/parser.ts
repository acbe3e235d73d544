/** A Pratt parser: tokens → syntax tree. Stops at the first syntax error; the checker reports the rest. */
import { greatestOf } from '../core/extremes.ts'
import { type ProblemList, type Span, SyntaxFault } from './problem.ts'
import type { BinaryOperator, Syntax } from './syntax.ts'
import { type Token, tokenize } from './tokenizer.ts'

export const MAX_TEXT_LENGTH = 10_000
/** Levels of the syntax tree; a chain `a + b + c` counts one a link. Engines limit theirs too, to 1,000 at least. */
export const MAX_DEPTH = 100

const BINDING: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ['and', 2],
  ...['=', '<>', '!=', '<', '<=', '>', '>=', 'is', 'in', 'between', 'like', 'not'].map(
    (t) => [t, 4] as const,
  ),
  ['||', 5],
  ['+', 6],
  ['-', 6],
  ['*', 7],
  ['/', 7],
  ['%', 7],
])
const NOT_BINDING = 3
const COMPARISON_BINDING = 4
const NEGATION_BINDING = 8

/** The tree, or undefined when the text has lexical or syntax errors, which stand in `list` then. */
export function parseSyntax(text: string, list: ProblemList): Syntax | undefined {
  if (text.length > MAX_TEXT_LENGTH) {
    const params = { length: text.length, most: MAX_TEXT_LENGTH }
    list.add('TOO_LONG', { start: 0, end: text.length }, params)
    return undefined
  }
  const tokens = tokenize(text, list)
  if (list.problems.length > 0) return undefined
  try {
    return new Parser(tokens).parseAll()
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    list.problems.push(error.problem)
    return undefined
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #depths = new WeakMap<Syntax, number>()
  #at = 0
  #nesting = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parseAll(): Syntax {
    if (this.#peek().kind === 'end') throw new SyntaxFault('EMPTY', this.#peek())
    const tree = this.#expression(0)
    if (this.#peek().kind !== 'end') this.#fail('an operator or the end')
    return tree
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  #next(): Token {
    const token = this.#peek()
    this.#at++
    return token
  }

  #is(value: string, ahead = 0): boolean {
    const token = this.#peek(ahead)
    return (token.kind === 'operator' || token.kind === 'keyword') && token.value === value
  }

  #accept(value: string): boolean {
    const found = this.#is(value)
    if (found) this.#at++
    return found
  }

  #expect(value: string, opened?: { span: Span; what: string }): Token {
    if (this.#is(value)) return this.#next()
    if (opened && this.#peek().kind === 'end')
      throw new SyntaxFault('UNCLOSED', opened.span, { what: opened.what })
    return this.#fail(`"${value}"`)
  }

  #fail(expected: string, hint?: string): never {
    const token = this.#peek()
    const found = token.kind === 'end' ? 'the end' : token.kind === 'text' ? 'a text' : `"${token.value}"`
    throw new SyntaxFault('EXPECTED', token, { expected, found }, hint)
  }

  #node(node: Syntax, children: readonly (Syntax | undefined)[]): Syntax {
    const depth = 1 + greatestOf([0, ...children.map((child) => (child ? this.#depths.get(child)! : 0))])
    if (depth > MAX_DEPTH) throw new SyntaxFault('TOO_DEEP', node, { most: MAX_DEPTH })
    this.#depths.set(node, depth)
    return node
  }

  #expression(least: number): Syntax {
    if (++this.#nesting > MAX_DEPTH) throw new SyntaxFault('TOO_DEEP', this.#peek(), { most: MAX_DEPTH })
    let left = this.#prefix()
    for (;;) {
      const token = this.#peek()
      const operator = token.kind === 'operator' || token.kind === 'keyword' ? token.value : ''
      const binding = BINDING.get(operator) ?? 0
      if (binding === 0 || binding <= least) break
      left = binding === COMPARISON_BINDING ? this.#comparison(left) : this.#binary(left, binding)
    }
    this.#nesting--
    return left
  }

  #binary(left: Syntax, binding: number): Syntax {
    const operator = this.#next().value as BinaryOperator
    const right = this.#expression(binding)
    return this.#node({ kind: 'binary', operator, left, right, ...across(left, right) }, [left, right])
  }

  /** Comparisons, is, in, between and like share one level and do not chain. */
  #comparison(left: Syntax): Syntax {
    const negated = this.#is('not')
    if (negated && !['in', 'between', 'like'].some((word) => this.#is(word, 1))) {
      this.#at++
      this.#fail('"in", "between" or "like" after "not"')
    }
    if (negated) this.#at++
    const node = this.#comparisonTail(left, negated)
    const next = this.#peek()
    const chained =
      next.kind !== 'name' && next.kind !== 'text' && BINDING.get(next.value) === COMPARISON_BINDING
    if (chained)
      throw new SyntaxFault('CHAINED_COMPARISON', next, {}, 'Join them with and, or use parentheses.')
    return node
  }

  #comparisonTail(operand: Syntax, negated: boolean): Syntax {
    const { value } = this.#next()
    switch (value) {
      case 'is':
        return this.#isNull(operand)
      case 'in':
        return this.#in(operand, negated)
      case 'between':
        return this.#between(operand, negated)
      case 'like': {
        const pattern = this.#expression(COMPARISON_BINDING)
        const span = across(operand, pattern)
        return this.#node({ kind: 'like', operand, pattern, negated, ...span }, [operand, pattern])
      }
      default: {
        const operator = (value === '!=' ? '<>' : value) as BinaryOperator
        const right = this.#expression(COMPARISON_BINDING)
        const span = across(operand, right)
        return this.#node({ kind: 'binary', operator, left: operand, right, ...span }, [operand, right])
      }
    }
  }

  #isNull(operand: Syntax): Syntax {
    const negated = this.#accept('not')
    if (!this.#is('null'))
      this.#fail('"null"', 'Only is null and is not null exist; compare with = otherwise.')
    const { end } = this.#next()
    return this.#node({ kind: 'is_null', operand, negated, start: operand.start, end }, [operand])
  }

  #in(operand: Syntax, negated: boolean): Syntax {
    const open = this.#expect('(')
    const { items, end } = this.#list(open, 'The list')
    if (items.length === 0)
      throw new SyntaxFault('EXPECTED', open, { expected: 'a value', found: 'an empty list' })
    return this.#node({ kind: 'in', operand, items, negated, start: operand.start, end }, [operand, ...items])
  }

  #between(operand: Syntax, negated: boolean): Syntax {
    const low = this.#expression(COMPARISON_BINDING)
    this.#expect('and')
    const high = this.#expression(COMPARISON_BINDING)
    const span = across(operand, high)
    return this.#node({ kind: 'between', operand, low, high, negated, ...span }, [operand, low, high])
  }

  /** Items up to the closing parenthesis; the opening one has been read. */
  #list(open: Span, what: string): { items: Syntax[]; end: number } {
    const items: Syntax[] = []
    if (!this.#is(')'))
      do items.push(this.#expression(0))
      while (this.#accept(','))
    return { items, end: this.#expect(')', { span: open, what }).end }
  }

  #prefix(): Syntax {
    const token = this.#peek()
    if (this.#is('not') || this.#is('-')) return this.#unary(token)
    if (this.#is('(')) return this.#group()
    if (this.#is('case')) return this.#case()
    if (token.kind === 'name') return this.#nameOrCall()
    const literal = literalOf(token)
    if (!literal) return this.#fail('a value', foreignHint(token))
    this.#at++
    return this.#node(literal, [])
  }

  #unary({ start }: Token): Syntax {
    const operator = this.#next().value as 'not' | '-'
    const operand = this.#expression(operator === 'not' ? NOT_BINDING : NEGATION_BINDING)
    return this.#node({ kind: 'unary', operator, operand, start, end: operand.end }, [operand])
  }

  #group(): Syntax {
    const open = this.#next()
    const inner = this.#expression(0)
    if (this.#is(',')) this.#fail('")"', 'Lists stand only after in.')
    this.#expect(')', { span: open, what: 'The parenthesis' })
    return inner
  }

  #nameOrCall(): Syntax {
    const name = this.#next()
    const span = { start: name.start, end: name.end }
    if (name.quoted || !this.#is('('))
      return this.#node({ kind: 'name', name: name.value, quoted: name.quoted === true, ...span }, [])
    const open = this.#next()
    if (this.#is('*')) this.#fail('")"', 'Write count() to count records.')
    const { items, end } = this.#list(open, `The call of ${name.value}`)
    const call = {
      kind: 'call',
      name: name.value,
      nameSpan: span,
      args: items,
      start: name.start,
      end,
    } as const
    return this.#node(call, items)
  }

  #case(): Syntax {
    const open = this.#next()
    const subject = this.#is('when') ? undefined : this.#expression(0)
    const branches: { when: Syntax; result: Syntax }[] = []
    while (this.#accept('when')) {
      const when = this.#expression(0)
      this.#expect('then')
      branches.push({ when, result: this.#expression(0) })
    }
    if (branches.length === 0) this.#expect('when', { span: open, what: 'The case' })
    const otherwise = this.#accept('else') ? this.#expression(0) : undefined
    const { end } = this.#expect('end', { span: open, what: 'The case' })
    const parts = [subject, ...branches.flatMap((branch) => [branch.when, branch.result]), otherwise]
    const node = {
      kind: 'case',
      branches,
      ...(subject && { subject }),
      ...(otherwise && { otherwise }),
      start: open.start,
      end,
    } as const
    return this.#node(node, parts)
  }
}

function across(left: Span, right: Span): Span {
  return { start: left.start, end: right.end }
}

function literalOf({ kind, value, start, end }: Token): Syntax | undefined {
  if (kind === 'text') return { kind: 'text', value, start, end }
  if (kind === 'number') return { kind: 'number', digits: value, start, end }
  if (kind !== 'keyword') return undefined
  if (value === 'true' || value === 'false') return { kind: 'boolean', value: value === 'true', start, end }
  return value === 'null' ? { kind: 'null', start, end } : undefined
}

function foreignHint({ kind, value }: Token): string | undefined {
  return kind === 'keyword' ? `To use a field called ${value}, write "${value}" in double quotes.` : undefined
}
