/** Arithmetic on types: common types, bounds of magnitudes, and how a type is called in messages. */

import type { FieldType } from '../core/definition.ts'
import {
  DECIMAL_MAGNITUDE,
  type Expr,
  INTEGER_MAGNITUDE,
  MAX_EXACT_MAGNITUDE,
  type ValueType,
} from '../core/expr.ts'
import { greatestOf } from '../core/extremes.ts'

export const STRING: ValueType = { kind: 'string' }
export const BOOLEAN: ValueType = { kind: 'boolean' }
export const FLOAT: ValueType = { kind: 'float' }
export const NULL: ValueType = { kind: 'null' }

export type NumberType = Extract<ValueType, { kind: 'integer' | 'decimal' | 'float' }>
export type ExactType = Extract<ValueType, { kind: 'integer' | 'decimal' }>

/** More decimal places than this cannot arise: 38 digits in all. */
export const MAX_SCALE = 37

export function isNumber(type: ValueType): type is NumberType {
  return type.kind === 'integer' || type.kind === 'decimal' || type.kind === 'float'
}

export function isExact(type: ValueType): type is ExactType {
  return type.kind === 'integer' || type.kind === 'decimal'
}

export function scaleOf(type: ValueType): number {
  return type.kind === 'decimal' ? type.scale : 0
}

export function magnitudeOf(type: ExactType): bigint {
  return BigInt(type.magnitude)
}

/** What a declared field holds. */
export function typeOfField(type: FieldType): ValueType {
  if (type.kind === 'integer') return { kind: 'integer', magnitude: INTEGER_MAGNITUDE }
  if (type.kind === 'decimal') return { kind: 'decimal', scale: type.scale, magnitude: DECIMAL_MAGNITUDE }
  return { kind: type.kind }
}

/** An integer or, with a scale above 0, a decimal; undefined when 38 digits may not hold it. */
export function exactType(scale: number, magnitude: bigint, decimal = scale > 0): ExactType | undefined {
  if (magnitude > MAX_EXACT_MAGNITUDE || scale > MAX_SCALE) return undefined
  const text = magnitude.toString()
  return decimal ? { kind: 'decimal', scale, magnitude: text } : { kind: 'integer', magnitude: text }
}

/**
 * The magnitude of a computed value. A field's -2^63 has the magnitude 2^63 and fits 64 bits; a computed value
 * may be +2^63, which does not, so it is declared one larger.
 */
export function computed(magnitude: bigint): bigint {
  return magnitude === BigInt(INTEGER_MAGNITUDE) ? magnitude + 1n : magnitude
}

/** `TOO_WIDE` when an exact common type would need more than 38 digits, undefined when there is none. */
export function commonType(types: readonly ValueType[]): ValueType | 'TOO_WIDE' | undefined {
  const known = types.filter((type) => type.kind !== 'null')
  const first = known[0]
  if (!first) return NULL
  if (known.every(isNumber)) return commonNumber(known as NumberType[])
  return first.kind !== 'timestamp' && known.every((type) => type.kind === first.kind) ? first : undefined
}

function commonNumber(types: readonly NumberType[]): ValueType | 'TOO_WIDE' {
  if (types.some((type) => type.kind === 'float')) return FLOAT
  const exact = types as readonly ExactType[]
  const scale = greatestOf(exact.map(scaleOf))
  const magnitudes = exact.map((type) => rescaled(type, scale))
  const largest = magnitudes.sort((a, b) => Number(a - b)).at(-1)!
  return (
    exactType(
      scale,
      largest,
      exact.some((type) => type.kind === 'decimal'),
    ) ?? 'TOO_WIDE'
  )
}

/** The magnitude at a larger scale. */
export function rescaled(type: ExactType, scale: number): bigint {
  const shift = scale - scaleOf(type)
  return shift === 0 ? magnitudeOf(type) : computed(magnitudeOf(type) * 10n ** BigInt(shift))
}

export function describeType(type: ValueType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.scale})`
    case 'timestamp':
      return 'the event time'
    case 'null':
      return 'null'
    default:
      return type.kind
  }
}

/** `a string and an integer`, for messages. */
export function describeTypes(types: readonly ValueType[]): string {
  const names = [...new Set(types.map(describeType))]
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export function isConstantText(expr: Expr): expr is Extract<Expr, { node: 'literal' }> & { value: string } {
  return expr.node === 'literal' && expr.type.kind === 'string' && typeof expr.value === 'string'
}
