/** The ratios of a metric: parsed, free of circles, in an order in which each needs only those before it. */
import type { Measure, Ratio } from '../core/definition.ts'
import { parseRatio } from '../expression/parse-expression.ts'
import type { MetricText } from './definition-schema.ts'
import type { DiagnosticList, Path } from './diagnostic.ts'
import { addExpressionProblem } from './expression-problem.ts'

interface ParsedRatio extends Ratio {
  readonly uses: readonly string[]
}

export function checkRatios(
  texts: NonNullable<MetricText['ratios']>,
  measureTexts: NonNullable<MetricText['measures']>,
  measures: readonly Measure[],
  path: Path,
  problems: DiagnosticList,
): Ratio[] {
  // Measures that failed their own check are still names, so that they are not reported as unknown here.
  const names = new Set([...Object.keys(measureTexts), ...Object.keys(texts)])
  const parsed = new Map<string, ParsedRatio>()
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined) continue
    const { expr, uses, problems: found } = parseRatio(text, names)
    for (const problem of found) addExpressionProblem(problems, problem, [...path, name])
    if (expr && found.length === 0) parsed.set(name, { name, expr, uses })
  }
  for (const ratio of parsed.values()) refuseQuantiles(ratio, measures, path, problems)
  return orderRatios(parsed, path, problems)
}

function refuseQuantiles(
  ratio: ParsedRatio,
  measures: readonly Measure[],
  path: Path,
  problems: DiagnosticList,
): void {
  for (const measure of measures)
    if (measure.call.aggregate === 'quantiles' && ratio.uses.includes(measure.name)) {
      const hint = 'A ratio can use counts, sums, min, max, mean and distinct.'
      const params = { ratio: ratio.name, measure: measure.name }
      problems.add('DEFINE_RATIO_OF_QUANTILES', [...path, ratio.name], params, { hint })
    }
}

/** Depth first; a ratio met again while its own needs are being followed closes a circle. */
function orderRatios(
  parsed: ReadonlyMap<string, ParsedRatio>,
  path: Path,
  problems: DiagnosticList,
): Ratio[] {
  const ordered = new Map<string, Ratio>()
  const visit = (ratio: ParsedRatio, trail: readonly string[]): void => {
    if (ordered.has(ratio.name)) return
    const start = trail.indexOf(ratio.name)
    if (start >= 0) {
      const cycle = [...trail.slice(start), ratio.name].join(' → ')
      problems.add('DEFINE_CYCLIC_RATIO', [...path, ratio.name], { cycle })
      return
    }
    for (const name of ratio.uses) {
      const needed = parsed.get(name)
      if (needed) visit(needed, [...trail, ratio.name])
    }
    ordered.set(ratio.name, { name: ratio.name, expr: ratio.expr })
  }
  for (const ratio of parsed.values()) visit(ratio, [])
  return [...ordered.values()]
}
