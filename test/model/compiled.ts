/** Compiled expressions: a static type and a closure; common types, conversions, order of values. */
import type { StaticType, Value } from './vocabulary.ts'

export interface Row {
  readonly eventMs: number
  readonly fields: ReadonlyMap<string, Value>
}

export interface Compiled {
  readonly type: StaticType
  run(row: Row): Value
}

/** Null when any operand is null. */
export function strict(
  type: StaticType,
  parts: readonly Compiled[],
  combine: (values: never[]) => Value,
): Compiled {
  return {
    type,
    run: (row) => {
      const values = parts.map((part) => part.run(row))
      return values.includes(null) ? null : combine(values as never[])
    },
  }
}

/** The common type of all, and each part converted to it. */
export function unify(parts: readonly Compiled[]): { type: StaticType; parts: Compiled[] } {
  const known = parts.filter((part) => part.type.kind !== 'null').map((part) => part.type)
  const kinds = new Set(known.map((type) => type.kind))
  const scale = Math.max(0, ...known.map((type) => type.scale))
  const kind = kinds.has('float') ? 'float' : kinds.has('decimal') ? 'decimal' : (known[0]?.kind ?? 'null')
  const type = { kind, scale: kind === 'decimal' ? scale : 0 }
  return { type, parts: parts.map((part) => convert(part, type)) }
}

function convert(part: Compiled, to: StaticType): Compiled {
  const { type } = part
  if (type.kind === 'null' || (type.kind === to.kind && type.scale === to.scale)) return { ...part, type: to }
  if (to.kind === 'float')
    return strict(to, [part], ([value]: bigint[]) => Number(decimalText(value!, type.scale)))
  return strict(to, [part], ([value]: bigint[]) => value! * 10n ** BigInt(to.scale - type.scale))
}

export function decimalText(scaled: bigint, scale: number): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, '0')
  const sign = scaled < 0n ? '-' : ''
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Byte order of UTF-8 for strings. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  return a! < b! ? -1 : a! > b! ? 1 : 0
}
