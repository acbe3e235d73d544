/** Definition → plan: which tallies each metric needs, under a version that names their meaning. */
import { AGGREGATES } from '../core/aggregate/registry.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { Definition, Dimension, Field, Measure, Metric, Source, TimeRule } from '../core/definition.ts'
import type { ValueType } from '../core/expr.ts'
import { fieldsOf } from '../core/expr-fields.ts'
import {
  type DimensionType,
  type MeasureSource,
  type MetricPlan,
  type PlanDimension,
  SEMANTICS_VERSION,
  type SourcePlan,
  type Tally,
} from '../core/plan.ts'
import { zoneHistory } from '../core/time-zone/zone-history.ts'
import { arrangeTallies } from './arrange-tallies.ts'
import { type Digest, metricVersion } from './metric-version.ts'

/** One plan per source that has metrics among `names` (all metrics when absent), in source order. */
export function buildPlans(definition: Definition, digest: Digest, names?: readonly string[]): SourcePlan[] {
  const wanted = [...definition.metrics.values()].filter((metric) => !names || names.includes(metric.name))
  return [...definition.sources.values()]
    .map((source) =>
      planSource(
        source,
        wanted.filter((metric) => metric.source === source.name),
        digest,
      ),
    )
    .filter((plan) => plan.metrics.length > 0)
}

/** The plan of a source and the given metrics of it. */
export function planSource(source: Source, metrics: readonly Metric[], digest: Digest): SourcePlan {
  const plans = metrics.map((metric) => planMetric(source, metric, digest))
  const used = new Set(plans.flatMap((plan) => plan.usedFields))
  return {
    semantics: SEMANTICS_VERSION,
    source: source.name,
    format: source.format,
    time: source.time,
    nullTexts: source.nullTexts,
    ...limitsOf(source),
    fields: sortedFields(source, used),
    metrics: plans,
  }
}

export function planMetric(source: Source, metric: Metric, digest: Digest): MetricPlan {
  const arranged = arrangeTallies(
    metric.measures.map((measure) => AGGREGATES[measure.call.aggregate].need(measure.call)),
  )
  const measures = metric.measures.map((measure, index) => readBack(measure, arranged.places[index]!))
  const dimensions = metric.dimensions.map(planDimension)
  const usedFields = fieldsOf(expressionsOf(metric))
  const meaning = digest(normalise({ source, metric, usedFields, dimensions, tallies: arranged.tallies }))
  return {
    metric: metric.name,
    meaning,
    version: metricVersion(meaning, source.name, digest),
    source: source.name,
    windowMs: metric.windowMs,
    ...(metric.where && { where: metric.where }),
    usedFields,
    dimensions,
    tallies: arranged.tallies,
    measures,
    ratios: metric.ratios,
  }
}

interface Meaning {
  readonly source: Source
  readonly metric: Metric
  readonly usedFields: readonly string[]
  readonly dimensions: readonly PlanDimension[]
  readonly tallies: readonly Tally[]
}

/** Names of measures, units, ratios and lateness are left out; that of the source comes with the version. */
function normalise({ source, metric, usedFields, dimensions, tallies }: Meaning): string {
  return canonicalJson({
    semantics: SEMANTICS_VERSION,
    format: source.format,
    time: timeMeaning(source.time),
    nullTexts: source.nullTexts,
    ...limitsOf(source),
    fields: sortedFields(source, new Set(usedFields)),
    where: metric.where,
    windowMs: metric.windowMs,
    dimensions,
    tallies,
  })
}

/** Absent where there is no limit, so that the fingerprint of such a source has no word of them. */
function limitsOf({ allowedSkewMs, allowedAgeMs }: Source) {
  return {
    ...(allowedSkewMs !== undefined && { allowedSkewMs }),
    ...(allowedAgeMs !== undefined && { allowedAgeMs }),
  }
}

/**
 * What a zone's name stands for, so that a newer table changes the versions of those metrics alone whose zone it
 * changes. An epoch needs no zone.
 */
function timeMeaning({ zone, ...rule }: TimeRule) {
  return rule.layout.kind.startsWith('epoch_') ? rule : { ...rule, zone: zoneHistory(zone) }
}

function expressionsOf(metric: Metric) {
  const measures = metric.measures.flatMap((measure) => measure.call.argument ?? [])
  return [
    ...(metric.where ? [metric.where] : []),
    ...metric.dimensions.map((dimension) => dimension.expr),
    ...measures,
  ]
}

function sortedFields(source: Source, used: ReadonlySet<string>): Field[] {
  const byName = new Map(source.fields.map((field) => [field.name, field]))
  return [...used].sort().map((name) => {
    const field = byName.get(name)
    if (!field) throw new Error(`field ${name} is not declared in source ${source.name}`)
    return field
  })
}

function readBack(measure: Measure, place: { tally: string; columns: readonly string[] }): MeasureSource {
  const type = measure.call.argument?.type
  const scale = type?.kind === 'decimal' ? type.scale : 0
  return { measure, ...place, scale, float: type?.kind === 'float' }
}

function planDimension({ name, expr }: Dimension): PlanDimension {
  return { name, expr, type: dimensionType(expr.type) }
}

function dimensionType(type: ValueType): DimensionType {
  if (type.kind === 'decimal') return { kind: 'decimal', scale: type.scale }
  return { kind: type.kind === 'integer' || type.kind === 'boolean' ? type.kind : 'string' }
}
