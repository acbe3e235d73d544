/** One numbered step of the schema; once released, its statements never change. */
export interface Migration {
  readonly number: number
  readonly name: string
  /** `schema` is ready for SQL. */
  statements(schema: string): readonly string[]
}
