/** Two ways to give a value a name in SQL: as a column of its own, or inside one expression. */
import type { ParseDialect } from './parse-dialect.ts'
import type { Stages } from './stages.ts'

/** Gives `body` a name for `value`, which is computed once. `hint` tells names apart. */
export type Bind = (hint: string, value: string, body: (name: string) => string) => string

/** For what nearly every row needs. A value that is a column already keeps its name. */
export function bindAsColumn(stages: Stages): Bind {
  return (hint, value, body) => {
    if (/^[a-z]\w*$/.test(value)) return body(value)
    stages.add({ [hint]: value })
    return body(hint)
  }
}

/** For what few rows need: inside a CASE nothing is computed for the others. */
export function bindInside(parse: ParseDialect): Bind {
  return (_, value, body) => parse.bind(value, body)
}
