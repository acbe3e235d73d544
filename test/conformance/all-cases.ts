/** Every conformance case, in the order of the printed page. */
import { AGGREGATE_CASES } from './cases/aggregates.ts'
import { FLOAT_AND_WRITING_CASES } from './cases/floats-and-writing.ts'
import { FUNCTION_CASES } from './cases/functions.ts'
import { JSON_CASES } from './cases/json-lines.ts'
import { LAYOUT_CASES } from './cases/layouts.ts'
import { METRIC_CASES } from './cases/metrics.ts'
import { OPERATOR_CASES } from './cases/operators.ts'
import { REGEX_CASES } from './cases/regexes.ts'
import { TEXT_CASES } from './cases/text-lines.ts'
import { TIME_CASES } from './cases/times.ts'
import { TYPE_CASES } from './cases/types.ts'
import { YEAR_CASES } from './cases/years.ts'
import type { ConformanceCase } from './conformance-case.ts'

export const CASES: readonly ConformanceCase[] = [
  ...OPERATOR_CASES,
  ...FLOAT_AND_WRITING_CASES,
  ...FUNCTION_CASES,
  ...REGEX_CASES,
  ...TYPE_CASES,
  ...JSON_CASES,
  ...TEXT_CASES,
  ...TIME_CASES,
  ...LAYOUT_CASES,
  ...YEAR_CASES,
  ...AGGREGATE_CASES,
  ...METRIC_CASES,
]
