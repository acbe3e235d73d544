/** The texts of fields → typed values and error flags, each type by its closed spelling. */
import type { Field } from '../../core/definition.ts'
import { exactDecimal, NUMBER_REGEX, PLAIN_REGEX } from './exact-decimal.ts'
import type { ParseDialect } from './parse-dialect.ts'

/** SQL over the column of a field's text, in three steps so that nothing is computed twice. */
export interface FieldValue {
  /** A cast that `value` may use under the name it is given. */
  readonly cast?: string
  value(cast: string): string
  /** Is the value bad? Takes the column of the value. */
  error(value: string): string
}

/** `isOdd`: SQL that is true where a `string` field must refuse the value. */
export function fieldValue(
  parse: ParseDialect,
  { type }: Field,
  text: string,
  isOdd: string | undefined,
): FieldValue {
  const error = (value: string) => `(${text} IS NOT NULL AND ${value} IS NULL)`
  switch (type.kind) {
    case 'string':
      return { value: () => text, error: () => isOdd ?? 'FALSE' }
    case 'boolean':
      return { value: () => `CASE ${text} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END`, error }
    case 'integer':
      return { cast: parse.tryInteger(text), value: (cast) => integerValue(parse, text, cast), error }
    case 'decimal':
      return {
        cast: parse.tryDecimal(text, type.scale),
        value: (cast) => decimalValue(parse, text, cast, type.scale),
        error,
      }
    case 'float':
      return { cast: parse.tryFloat(text), value: (cast) => floatValue(parse, text, cast), error }
  }
}

/** Only the canonical spelling: no plus, no leading zeros, no fraction. */
function integerValue(parse: ParseDialect, text: string, cast: string): string {
  return `CASE WHEN ${parse.isPrinted(text, cast)} THEN ${cast} WHEN ${text} = '-0' THEN 0 END`
}

/** Most texts are just what the engine prints; others are looked at, and only odd ones computed digit by digit. */
function decimalValue(parse: ParseDialect, text: string, cast: string, scale: number): string {
  const scaled = parse.scaled(cast, scale)
  const isPlain = `${cast} IS NOT NULL AND ${parse.fullMatch(text, PLAIN_REGEX)}`
  const isNumber = parse.fullMatch(text, NUMBER_REGEX)
  // Branches rather than OR, which engines work out for every row.
  const branches = [
    `WHEN ${parse.isPrinted(text, cast)} THEN ${scaled}`,
    `WHEN ${text} IS NULL THEN NULL`,
    `WHEN ${isPlain} THEN ${scaled}`,
    `WHEN ${isNumber} THEN ${exactDecimal(parse, text, scale)}`,
  ]
  return `CASE ${branches.join(' ')} END`
}

function floatValue(parse: ParseDialect, text: string, cast: string): string {
  return `CASE WHEN ${parse.fullMatch(text, NUMBER_REGEX)} AND ${parse.isFinite(cast)} THEN ${cast} END`
}
