/** Ratios: + - * / over the measures of a metric, computed in core from merged totals. */
import { closestName } from '../core/closest-name.ts'
import type { RatioExpr } from '../core/expr.ts'
import { didYouMean } from './check-context.ts'
import { parseSyntax } from './parser.ts'
import { type ExpressionProblem, ProblemList } from './problem.ts'
import type { Syntax } from './syntax.ts'

/** `uses` are the measures (or earlier ratios) the formula reads, each once, in order of appearance. */
export interface ParsedRatio {
  readonly expr?: RatioExpr
  readonly uses: readonly string[]
  readonly problems: readonly ExpressionProblem[]
}

export function parseRatio(text: string, measureNames: ReadonlySet<string>): ParsedRatio {
  const list = new ProblemList()
  const names = new Set<string>()
  const syntax = parseSyntax(text, list)
  const expr = syntax && toRatio(syntax, { list, names, measureNames })
  const done = expr && list.problems.length === 0
  return { ...(done && { expr }), uses: [...names], problems: list.problems }
}

interface Reading {
  readonly list: ProblemList
  readonly names: Set<string>
  readonly measureNames: ReadonlySet<string>
}

function toRatio(syntax: Syntax, reading: Reading): RatioExpr | undefined {
  switch (syntax.kind) {
    case 'name':
      return toMeasure(syntax, reading)
    case 'number':
      return { node: 'number', value: Number(syntax.digits) }
    case 'unary': {
      if (syntax.operator !== '-') return refuse(syntax, reading, 'not')
      const right = toRatio(syntax.operand, reading)
      if (right?.node === 'number') return { node: 'number', value: -right.value }
      return right && { node: 'binary', operator: '-', left: { node: 'number', value: 0 }, right }
    }
    case 'binary': {
      const { operator } = syntax
      if (operator !== '+' && operator !== '-' && operator !== '*' && operator !== '/')
        return refuse(syntax, reading, operator)
      const left = toRatio(syntax.left, reading)
      const right = toRatio(syntax.right, reading)
      return left && right && { node: 'binary', operator, left, right }
    }
    default:
      return refuse(syntax, reading, syntax.kind === 'call' ? `${syntax.name}()` : `a ${syntax.kind}`)
  }
}

function toMeasure(syntax: Extract<Syntax, { kind: 'name' }>, reading: Reading): RatioExpr | undefined {
  const { name } = syntax
  reading.names.add(name)
  if (reading.measureNames.has(name)) return { node: 'measure', name }
  const nearest = closestName(name, reading.measureNames)
  const hint = nearest ? didYouMean(nearest) : undefined
  reading.list.add('UNKNOWN_NAME', syntax, { kind: 'measure', name }, hint)
  return undefined
}

function refuse(syntax: Syntax, { list }: Reading, found: string): undefined {
  const hint = syntax.kind === 'call' ? 'Make it a measure of its own and name that here.' : undefined
  list.add('RATIO_PART', syntax, { found }, hint)
  return undefined
}
