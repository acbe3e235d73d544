/** A first metric for a source: count, errors, quantities, identities, by what has few values. */
import { RESERVED_NAMES } from '../check-column-names.ts'
import { dimensionRank, errorCondition, isIdentity, isStatus, quantityOf, snakeName } from './field-role.ts'
import type { NamedField } from './name-fields.ts'

export interface MetricChoice {
  readonly name: string
  readonly window: string
  readonly dimensions: readonly (readonly [name: string, expression: string])[]
  readonly measures: readonly {
    readonly name: string
    readonly value: string
    readonly unit?: string
  }[]
  readonly ratios: readonly (readonly [name: string, formula: string])[]
}

const MAX_DIMENSIONS = 3
const MAX_QUANTITIES = 2
const MAX_IDENTITIES = 2

export function chooseMetric(
  source: string,
  fields: readonly NamedField[],
  sample: { readonly lines: number; readonly spanMs: number },
): MetricChoice {
  const takeName = nameTaker()
  const status = fields.find(isStatus)
  const count = takeName(status ? 'requests' : 'lines')
  const errors = errorsOf(status ? [status, ...fields] : fields, takeName)
  const dimensions = chooseDimensions(fields, status, sample.lines, takeName)
  const quantities = fields.filter(quantityOf).slice(0, MAX_QUANTITIES)
  const identities = fields.filter(isIdentity).slice(0, MAX_IDENTITIES)
  return {
    name: `${source}.${count}`,
    window: windowFor(sample.spanMs),
    dimensions,
    measures: [
      { name: count, value: 'count()' },
      ...(errors ? [errors] : []),
      ...quantities.flatMap((field) => measuresOf(field, takeName)),
      ...identities.map((field) => ({
        name: takeName(`${snakeName(field.name)}_distinct`),
        value: `distinct(${field.reference})`,
      })),
    ],
    ratios: errors ? [[takeName('error_rate'), `${errors.name} / ${count}`]] : [],
  }
}

type NameTaker = (wanted: string) => string

/** Names that a metric may have, each given out once. */
function nameTaker(): NameTaker {
  const taken = new Set(RESERVED_NAMES)
  return (wanted) => {
    // A name such as x_p95 could hide a quantile of x.
    const safe =
      wanted
        .replace(/^(?=\d)/, '_')
        .replace(/_p(?=\d+$)/, '_pct')
        .slice(0, 50) || 'value'
    let name = safe
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${safe}_${number}`
    taken.add(name.toLowerCase())
    return name
  }
}

function errorsOf(fields: readonly NamedField[], takeName: NameTaker) {
  const condition = fields.map(errorCondition).find((found) => found !== undefined)
  return condition === undefined ? undefined : { name: takeName('errors'), value: `count(${condition})` }
}

function chooseDimensions(
  fields: readonly NamedField[],
  status: NamedField | undefined,
  lines: number,
  takeName: NameTaker,
): [string, string][] {
  const ranked = fields
    .map((field) => ({ field, rank: isIdentity(field) ? undefined : dimensionRank(field, lines) }))
    .flatMap(({ field, rank }) => (rank === undefined ? [] : [{ field, rank }]))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAX_DIMENSIONS)
    .map(({ field }): [string, string] => [takeName(snakeName(field.name)), field.reference])
  return status ? [...ranked, [takeName('status_class'), `${status.reference} / 100`]] : ranked
}

function measuresOf(field: NamedField, takeName: NameTaker) {
  const unit = quantityOf(field) ?? {}
  const name = snakeName(field.name)
  return [
    { name: takeName(name), value: `quantiles(${field.reference})`, ...unit },
    { name: takeName(`${name}_sum`), value: `sum(${field.reference})`, ...unit },
  ]
}

const DAY_MS = 86_400_000

/** So that a whole sample gives a few thousand windows at most. */
function windowFor(spanMs: number): string {
  if (spanMs <= 2 * DAY_MS) return '1m'
  if (spanMs <= 14 * DAY_MS) return '10m'
  return spanMs <= 150 * DAY_MS ? '1h' : '1d'
}
