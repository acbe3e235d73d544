/** The temporary table of the parsed records at hand. */
export const PARSED = 'parsed'

/** The column of PARSED with the verdict for the metric at this place of the plan. */
export function verdictColumn(place: number): string {
  return `m${place}`
}
