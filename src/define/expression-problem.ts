/** Hands a problem inside an expression or regex on as a diagnostic of the scalar that holds it. */
import type { Path, Target } from './diagnostic.ts'

interface InnerProblem {
  readonly code: string
  readonly message: string
  readonly start: number
  readonly end: number
  readonly hint?: string
}

/** The arguments of `DiagnosticList.addText`. */
export function expressionProblem(
  { code, message, hint, start, end }: InnerProblem,
  path: Path,
): [{ code: string; message: string; hint: string | undefined }, Path, Target] {
  return [{ code: `EXPRESSION_${code}`, message, hint }, path, { start, end }]
}
