/** Hands a problem inside an expression or regex on as a diagnostic of the scalar that holds it. */
import type { DiagnosticList, Path } from './diagnostic.ts'

export interface InnerProblem {
  readonly code: string
  readonly message: string
  readonly start: number
  readonly end: number
  readonly hint?: string
}

export function addExpressionProblem(
  problems: DiagnosticList,
  { code, message, hint, start, end }: InnerProblem,
  path: Path,
): void {
  problems.addText({ code: `EXPRESSION_${code}`, message, hint }, path, { start, end })
}
