/** A statement of a Spark script, and how one is left out where it has nothing to do. */
import { caseOfTrue } from './case-of-true.ts'
import { quoteText } from './quote-text.ts'

export interface Step {
  readonly sql: string
  /** Only run where this query, of one truth, says so; in its place is run `otherwise`. */
  readonly where?: { readonly query: string; readonly otherwise: string }
}

/** No name of a table or column of ours. */
const VARIABLE = 'millrace_step'

/** Spark neither parses nor plans the statement that is not run. */
export function printStep({ sql, where }: Step): string[] {
  if (where === undefined) return [sql]
  const [run, otherwise] = [sql, where.otherwise].map((one) => quoteText(caseOfTrue(one)))
  const chosen = `CASE WHEN (${where.query}) THEN ${run} ELSE ${otherwise} END`
  return [
    `DECLARE OR REPLACE VARIABLE ${VARIABLE} STRING`,
    `SET VARIABLE ${VARIABLE} = ${chosen}`,
    `EXECUTE IMMEDIATE ${VARIABLE}`,
  ]
}
