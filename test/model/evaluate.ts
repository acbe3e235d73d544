/** Expressions as closures over a record: three-valued logic, exact numbers, strings by bytes. */
import { type Compiled, compareValues, strict, unify } from './compiled.ts'
import { evaluateCall } from './evaluate-call.ts'
import type { Arithmetic, Comparison, Tree } from './parse-text.ts'
import type { ModelField, StaticType, Value } from './vocabulary.ts'

type Numbers = 'integer' | 'decimal' | 'float'

export function compile(tree: Tree, fields: ReadonlyMap<string, ModelField>): Compiled {
  const build = (part: Tree): Compiled => compile(part, fields)
  switch (tree.op) {
    case 'name': {
      const field = fields.get(tree.value)
      if (!field) return constant('null', null)
      return { type: fieldType(field), run: (row) => row.fields.get(tree.value) ?? null }
    }
    case 'text':
      return constant('string', tree.value)
    case 'number': {
      const [whole = '', fraction = ''] = tree.value.split('.')
      return constant(fraction ? 'decimal' : 'integer', BigInt(whole + fraction), fraction.length)
    }
    case 'true':
    case 'false':
      return constant('boolean', tree.op === 'true')
    case 'null':
      return constant('null', null)
    case 'call':
      return evaluateCall(tree.fn, tree.args, build)
    case 'case':
      return compileCase(tree, build)
    case 'in':
      return compileIn(tree.args.map(build))
    case 'not':
      return logic(tree.args.map(build), ([a]) => (a === null ? null : !a))
    case 'and':
      return logic(tree.args.map(build), ([a, b]) =>
        a === false || b === false ? false : a === null || b === null ? null : true,
      )
    case 'or':
      return logic(tree.args.map(build), ([a, b]) =>
        a === true || b === true ? true : a === null || b === null ? null : false,
      )
    case 'is_null':
      return logic(tree.args.map(build), ([a]) => a === null)
    case 'negate':
      return negated(build(tree.args[0]!))
    case 'like':
      return like(build(tree.args[0]!), tree.args[1]!)
    case '||':
      return evaluateCall('concat', tree.args, build)
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(tree.op, build(tree.args[0]!), build(tree.args[1]!))
    default:
      return comparison(tree.op, tree.args.map(build))
  }
}

function constant(kind: StaticType['kind'], value: Value, scale = 0): Compiled {
  return { type: { kind, scale }, run: () => value }
}

function fieldType({ type }: ModelField): StaticType {
  const scale = /^decimal\((\d+)\)$/.exec(type)?.[1]
  return scale === undefined
    ? { kind: type as StaticType['kind'], scale: 0 }
    : { kind: 'decimal', scale: Number(scale) }
}

const BOOLEAN: StaticType = { kind: 'boolean', scale: 0 }

function logic(parts: readonly Compiled[], combine: (values: Value[]) => Value): Compiled {
  return { type: BOOLEAN, run: (row) => combine(parts.map((part) => part.run(row))) }
}

function comparison(op: Comparison, parts: readonly Compiled[]): Compiled {
  const test = {
    '=': (c: number) => c === 0,
    '<>': (c: number) => c !== 0,
    '<': (c: number) => c < 0,
    '<=': (c: number) => c <= 0,
    '>': (c: number) => c > 0,
    '>=': (c: number) => c >= 0,
  }[op]
  return strict(BOOLEAN, unify(parts).parts, ([a, b]: Value[]) => test(compareValues(a!, b!)))
}

function compileIn(all: readonly Compiled[]): Compiled {
  return logic(unify(all).parts, ([value, ...items]) => {
    if (value === null) return null
    if (items.some((item) => item !== null && compareValues(value!, item) === 0)) return true
    return items.includes(null) ? null : false
  })
}

function compileCase(tree: Extract<Tree, { op: 'case' }>, build: (part: Tree) => Compiled): Compiled {
  const conditions = tree.whens.map(([when]) => build(when))
  const { type, parts } = unify([...tree.whens.map(([, result]) => build(result)), build(tree.otherwise)])
  return {
    type,
    run: (row) => {
      const found = conditions.findIndex((condition) => condition.run(row) === true)
      return parts.at(found)!.run(row)
    },
  }
}

function negated(part: Compiled): Compiled {
  return strict(part.type, [part], ([value]: (bigint | number)[]) => -value!)
}

function like(operand: Compiled, pattern: Tree): Compiled {
  const text = pattern.op === 'text' ? pattern.value : ''
  const source = text.replace(/\\([%_\\])|%|_|[^%_\\]+/gsu, (part, escaped?: string) =>
    escaped ? quoteRegex(escaped) : part === '%' ? '.*' : part === '_' ? '.' : quoteRegex(part),
  )
  const regex = new RegExp(`^(?:${source})$`, 'su')
  return strict(BOOLEAN, [operand], ([value]: string[]) => regex.test(value!))
}

function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function arithmetic(op: Arithmetic, left: Compiled, right: Compiled): Compiled {
  const both = unify([left, right])
  const kind = both.type.kind as Numbers
  if (kind === 'float') return strict(both.type, both.parts, ([a, b]: number[]) => onFloats(op, a!, b!))
  if (op === '*') {
    const scale = left.type.scale + right.type.scale
    return strict({ kind, scale }, [left, right], ([a, b]: bigint[]) => a! * b!)
  }
  const { scale } = both.type
  return strict(both.type, both.parts, ([a, b]: bigint[]) =>
    onExact(op, a!, b!, kind === 'decimal' ? scale : undefined),
  )
}

function onFloats(op: Arithmetic, a: number, b: number): Value {
  if ((op === '/' || op === '%') && b === 0) return null
  return op === '+' ? a + b : op === '-' ? a - b : op === '*' ? a * b : op === '/' ? a / b : a % b
}

/** Both at one scale. Integers divide by truncation, decimals round half away from zero. */
function onExact(op: Arithmetic, a: bigint, b: bigint, scale: number | undefined): Value {
  if (op === '+') return a + b
  if (op === '-') return a - b
  if (b === 0n) return null
  if (op === '%') return a % b
  if (scale === undefined) return a / b
  const dividend = a * 10n ** BigInt(scale)
  const size = (2n * abs(dividend) + abs(b)) / (2n * abs(b))
  return a < 0n !== b < 0n ? -size : size
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}
