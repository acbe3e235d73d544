/** A query as a pile of SELECTs, so that every value is computed once and named. */

export class Stages {
  #relation: string

  constructor(relation: string) {
    this.#relation = relation
  }

  /** Adds computed columns beside those there are; a later stage may use them by name. */
  add(columns: Readonly<Record<string, string>>): this {
    const named = Object.entries(columns).map(([name, sql]) => `${sql} AS ${name}`)
    if (named.length > 0) this.#relation = `(SELECT *, ${named.join(', ')} FROM ${this.#relation})`
    return this
  }

  /** The query that gives just these columns. */
  select(columns: readonly string[]): string {
    return `SELECT ${columns.join(', ')} FROM ${this.#relation}`
  }
}
