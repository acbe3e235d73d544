/** The condition of a query: an expression over a metric's dimensions instead of a source's fields. */
import type { FieldType } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { Expr } from '../core/expr.ts'
import type { MetricPlan } from '../core/plan.ts'
import { parseCondition } from '../expression/parse-expression.ts'

/** A condition whose `field` nodes are dimensions. Errors: QUERY_BAD_WHERE, naming every problem. */
export function compileWhere(text: string, plan: MetricPlan): Expr {
  const fields = new Map<string, FieldType>(plan.dimensions.map(({ name, type }) => [name, type]))
  const { expr, problems } = parseCondition(text, { fields })
  if (expr) return expr
  const why = problems.map(({ message, hint }) => (hint ? `${message} ${hint}` : message)).join(' ')
  const dimensions = [...fields.keys()].join(', ') || 'it has none'
  throw new MillraceError('QUERY_BAD_WHERE', { text, metric: plan.metric, why, dimensions })
}
