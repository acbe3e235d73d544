/** Durations as users write them: `500ms`, `30s`, `1m`, `1h`, `1d`. */

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** Milliseconds, or undefined when the text is not a whole number directly followed by ms, s, m, h or d. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text)
  const unit = UNITS.get(match?.[2] ?? '')
  return match && unit !== undefined ? Number(match[1]) * unit : undefined
}

/** The shortest exact text: `90000` → `90s`. */
export function formatDuration(ms: number): string {
  for (const [name, unit] of [...UNITS].reverse())
    if (ms !== 0 && ms % unit === 0) return `${ms / unit}${name}`
  return `${ms}ms`
}
