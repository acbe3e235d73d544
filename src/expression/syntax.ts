/** The untyped syntax tree: what was written, with the place of every part. */
import type { Span } from './problem.ts'

export type BinaryOperator =
  | 'and'
  | 'or'
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '||'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'

export type Syntax = Span &
  (
    | { readonly kind: 'name'; readonly name: string; readonly quoted: boolean }
    | { readonly kind: 'text'; readonly value: string }
    | { readonly kind: 'number'; readonly digits: string }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'null' }
    | { readonly kind: 'unary'; readonly operator: 'not' | '-'; readonly operand: Syntax }
    | {
        readonly kind: 'binary'
        readonly operator: BinaryOperator
        readonly left: Syntax
        readonly right: Syntax
      }
    | { readonly kind: 'is_null'; readonly operand: Syntax; readonly negated: boolean }
    | {
        readonly kind: 'in'
        readonly operand: Syntax
        readonly items: readonly Syntax[]
        readonly negated: boolean
      }
    | {
        readonly kind: 'between'
        readonly operand: Syntax
        readonly low: Syntax
        readonly high: Syntax
        readonly negated: boolean
      }
    | { readonly kind: 'like'; readonly operand: Syntax; readonly pattern: Syntax; readonly negated: boolean }
    | {
        readonly kind: 'case'
        readonly subject?: Syntax
        readonly branches: readonly { readonly when: Syntax; readonly result: Syntax }[]
        readonly otherwise?: Syntax
      }
    | {
        readonly kind: 'call'
        readonly name: string
        readonly nameSpan: Span
        readonly args: readonly Syntax[]
      }
  )
