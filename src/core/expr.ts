/** The typed expression tree: plain data, made by src/expression, carried in plans, printed by dialects. */

/**
 * The type of a value. `magnitude` is the largest absolute value an `integer` can take, or of the scaled
 * integer behind a `decimal` (value × 10^scale), as decimal text; the checker uses it to prove that exact
 * arithmetic stays within 38 digits, so no run can overflow inside an expression.
 */
export type ValueType =
  | { readonly kind: 'string' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly magnitude: string }
  | { readonly kind: 'decimal'; readonly scale: number; readonly magnitude: string }
  | { readonly kind: 'float' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'null' }

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

/**
 * One node. Every child already has the type its parent needs: the checker inserts `convert` nodes, so a
 * dialect never has to think about types again.
 *
 * - `field`: the source's field `name`; null when the line has no value for it.
 * - `event_time`: the record's event time.
 * - `literal`: `value` is text for strings; canonical integer text for `integer`; the scaled integer's text
 *   for `decimal` ('15' with scale 1 is 1.5); shortest decimal text for `float`.
 * - `convert`: integer → decimal, decimal → decimal of a larger scale, integer or decimal → float.
 */
export type Expr =
  | { readonly node: 'field'; readonly name: string; readonly type: ValueType }
  | { readonly node: 'event_time'; readonly type: ValueType }
  | { readonly node: 'literal'; readonly value: string | boolean | null; readonly type: ValueType }
  | { readonly node: 'not'; readonly operand: Expr; readonly type: ValueType }
  | { readonly node: 'negate'; readonly operand: Expr; readonly type: ValueType }
  | {
      readonly node: 'logic'
      readonly operator: 'and' | 'or'
      readonly left: Expr
      readonly right: Expr
      readonly type: ValueType
    }
  | {
      readonly node: 'compare'
      readonly operator: ComparisonOperator
      readonly left: Expr
      readonly right: Expr
      readonly type: ValueType
    }
  | {
      readonly node: 'arithmetic'
      readonly operator: ArithmeticOperator
      readonly left: Expr
      readonly right: Expr
      readonly type: ValueType
    }
  | { readonly node: 'is_null'; readonly operand: Expr; readonly negated: boolean; readonly type: ValueType }
  | {
      readonly node: 'in'
      readonly operand: Expr
      readonly items: readonly Expr[]
      readonly negated: boolean
      readonly type: ValueType
    }
  | {
      readonly node: 'like'
      readonly operand: Expr
      readonly pattern: string
      readonly negated: boolean
      readonly type: ValueType
    }
  | {
      readonly node: 'case'
      readonly branches: readonly { readonly when: Expr; readonly then: Expr }[]
      readonly otherwise: Expr
      readonly type: ValueType
    }
  | { readonly node: 'call'; readonly fn: string; readonly args: readonly Expr[]; readonly type: ValueType }
  | { readonly node: 'convert'; readonly operand: Expr; readonly type: ValueType }

/** A ratio's formula over the measures of one metric; computed once, in core, from merged totals. */
export type RatioExpr =
  | { readonly node: 'measure'; readonly name: string }
  | { readonly node: 'number'; readonly value: number }
  | {
      readonly node: 'binary'
      readonly operator: '+' | '-' | '*' | '/'
      readonly left: RatioExpr
      readonly right: RatioExpr
    }

/** Largest absolute value of a signed 64-bit integer field (2^63). */
export const INTEGER_MAGNITUDE = (2n ** 63n).toString()
/** Largest absolute scaled value of a decimal field: 18 digits. */
export const DECIMAL_MAGNITUDE = (10n ** 18n - 1n).toString()
/** Exact arithmetic holds 38 digits on every engine. */
export const MAX_EXACT_MAGNITUDE = 10n ** 38n - 1n
