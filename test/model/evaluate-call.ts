/** The functions of the language. */
import { type Compiled, compareValues, strict, unify } from './compiled.ts'
import type { Tree } from './parse-text.ts'
import type { StaticType, Value } from './vocabulary.ts'

const STRING: StaticType = { kind: 'string', scale: 0 }
const BOOLEAN: StaticType = { kind: 'boolean', scale: 0 }
const INTEGER: StaticType = { kind: 'integer', scale: 0 }

const TIME_PARTS: Readonly<Record<string, (at: Date) => number>> = {
  year: (at) => at.getUTCFullYear(),
  month: (at) => at.getUTCMonth() + 1,
  day: (at) => at.getUTCDate(),
  hour: (at) => at.getUTCHours(),
  minute: (at) => at.getUTCMinutes(),
  second: (at) => at.getUTCSeconds(),
  day_of_week: (at) => at.getUTCDay() || 7,
}

export function evaluateCall(fn: string, args: readonly Tree[], build: (tree: Tree) => Compiled): Compiled {
  const part = Object.hasOwn(TIME_PARTS, fn) ? TIME_PARTS[fn] : undefined
  if (part) return { type: INTEGER, run: (row) => BigInt(part(new Date(row.eventMs))) }
  const parts = args.map(build)
  switch (fn) {
    case 'abs':
      return strict(parts[0]!.type, parts, ([a]: (bigint | number)[]) => (a! < 0 ? -a! : a!))
    case 'coalesce': {
      const common = unify(parts)
      return { type: common.type, run: (row) => firstValue(common.parts, (each) => each.run(row)) }
    }
    case 'least':
    case 'greatest': {
      const common = unify(parts)
      const sign = fn === 'least' ? -1 : 1
      return strict(common.type, common.parts, (values: Value[]) =>
        values.reduce((best, value) => (compareValues(value, best) * sign > 0 ? value : best)),
      )
    }
    case 'concat':
      return strict(STRING, parts, (texts: string[]) => texts.join(''))
    case 'length':
      return strict(INTEGER, parts, ([text]: string[]) => BigInt([...text!].length))
    case 'lower':
      return strict(STRING, parts, ([text]: string[]) => text!.replace(/[A-Z]/g, (c) => c.toLowerCase()))
    case 'upper':
      return strict(STRING, parts, ([text]: string[]) => text!.replace(/[a-z]/g, (c) => c.toUpperCase()))
    case 'trim':
      return strict(STRING, parts, ([text]: string[]) => text!.replace(/^ +| +$/g, ''))
    case 'substring':
      return strict(STRING, parts, (values: Value[]) => substring(...(values as [string, bigint, bigint?])))
    case 'regexp_matches':
      return strict(BOOLEAN, parts, ([text, regex]: string[]) => new RegExp(regex!, 'su').test(text!))
    case 'regexp_extract':
      return strict(STRING, parts, ([text, regex, group]: Value[]) => {
        const match = new RegExp(regex as string, 'su').exec(text as string)
        return match ? (match[Number(group ?? 0)] ?? '') : null
      })
    default:
      throw new Error(`the model has no function ${fn}`)
  }
}

function firstValue<T>(parts: readonly T[], run: (part: T) => Value): Value {
  for (const part of parts) {
    const value = run(part)
    if (value !== null) return value
  }
  return null
}

/** The characters at positions [start, start + count), of which those before 1 do not exist. */
function substring(text: string, start: bigint, count?: bigint): string {
  const points = [...text]
  const end = count === undefined ? BigInt(points.length) : start + (count < 0n ? 0n : count) - 1n
  return points.filter((_, index) => BigInt(index + 1) >= start && BigInt(index + 1) <= end).join('')
}
