/** What DuckDB prints differently from the base dialect. */
import { SqlDialect } from '../../compile/sql-dialect.ts'

export class DuckdbDialect extends SqlDialect {}
