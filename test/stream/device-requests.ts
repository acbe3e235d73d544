/** The definition of streams of device times, with an allowed skew: windows of a minute that take records for two more. */
export const MINUTE = 60_000
export const T0 = 1_700_002_800_000

export function deviceRequests(skewMs: number): string {
  return `
sources:
  web:
    format: json
    time: { field: ts, layout: epoch_ms }
    allowed_skew: ${skewMs / MINUTE}m
    fields: { device: string, ms: integer }
metrics:
  requests:
    source: web
    window: 1m
    dimensions: { device: device }
    measures: { n: count(), total: sum(ms), took: quantiles(ms) }
    allowed_lateness: 2m
`
}
