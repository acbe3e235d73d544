/** What can be wrong with an expression: one table, code → text, and the problem with its place in the text. */

/** A text says what is wrong and with what; a hint, where one can be given, says what to write instead. */
const PROBLEM_TABLE = {
  AGGREGATE_INSIDE: '{name}() is an aggregate and can stand only as the whole of a measure.',
  ALWAYS_NULL: 'This is always null, so it has no type.',
  BAD_CHARACTER: 'The character {character} has no meaning here.',
  BAD_GROUP: 'Group {group} does not exist in the pattern, which has {count}.',
  BAD_LIKE_PATTERN: 'The like pattern is wrong: {why}.',
  BAD_NUMBER: '{text} is not a number of this language.',
  BAD_REGEX: 'The regular expression cannot be used: {why}.',
  BAD_REGISTERS: 'distinct() takes a power of two from 16 to 4096 as its second argument, not {text}.',
  BAD_TEXT: 'A text cannot hold {what}.',
  CHAINED_COMPARISON: 'Comparisons cannot be chained.',
  EMPTY: 'The expression is empty.',
  EVENT_TIME_USE: 'The event time {name} can be used only in {functions}.',
  EXPECTED: 'Expected {expected} but found {found}.',
  FLOAT_DIMENSION: 'A dimension cannot be a float, which has no exact groups.',
  NOT_AN_AGGREGATE: 'A measure must be one aggregate: {known}.',
  NOT_A_CONDITION: 'A condition must be boolean, but this is {type}.',
  NOT_CONSTANT: '{what} must be a constant {type}.',
  NOT_EVENT_TIME: '{name}() takes the event time{which}, and nothing else.',
  OUT_OF_RANGE: '{what} must be from {least} to {most}, not {text}.',
  RATIO_PART: 'A ratio is made of measures, numbers, + - * / and parentheses only, not {found}.',
  TOO_DEEP: 'The expression is nested or chained more than {most} levels deep.',
  TOO_LARGE: 'The expression is too large: it expands to more than {most} steps.',
  TOO_LONG: 'The expression is {length} characters long, and {most} are allowed.',
  TOO_WIDE: 'The result could need more than {digits} digits, so it could not be exact.',
  TYPE_MISMATCH: '{what} cannot be applied to {types}.',
  UNCLOSED: '{what} is opened here and never closed.',
  UNKNOWN_FUNCTION: 'There is no function {name}.',
  UNKNOWN_NAME: 'There is no {kind} {name}.',
  WRONG_ARGUMENT: 'Argument {number} of {name}() must be {expected}, but it is {type}.',
  WRONG_COUNT: '{name}() takes {expected}, not {count}.',
  WRONG_MEASURE_TYPE: '{name}() cannot be computed of {type}.',
} as const satisfies Record<string, string>

export type ProblemCode = keyof typeof PROBLEM_TABLE

/** `start` and `end` are offsets in UTF-16 code units in the expression's text; `end` is exclusive. */
export interface ExpressionProblem {
  readonly code: ProblemCode
  readonly message: string
  readonly start: number
  readonly end: number
  readonly hint?: string
}

export interface Span {
  readonly start: number
  readonly end: number
}

/** Collects problems while a text is read, so that all can be reported at once. */
export class ProblemList {
  readonly problems: ExpressionProblem[] = []

  add(code: ProblemCode, span: Span, params: Record<string, string | number> = {}, hint?: string): void {
    this.problems.push(makeProblem(code, span, params, hint))
  }
}

export function makeProblem(
  code: ProblemCode,
  { start, end }: Span,
  params: Record<string, string | number> = {},
  hint?: string,
): ExpressionProblem {
  const message = PROBLEM_TABLE[code].replace(/\{(\w+)\}/g, (place, key: string) =>
    String(params[key] ?? place),
  )
  return { code, message, start, end, ...(hint !== undefined && { hint }) }
}

/** Thrown inside the parser to leave the first syntax error; never leaves src/expression. */
export class SyntaxFault extends Error {
  readonly problem: ExpressionProblem

  constructor(code: ProblemCode, span: Span, params: Record<string, string | number> = {}, hint?: string) {
    super(code)
    this.problem = makeProblem(code, span, params, hint)
  }
}
