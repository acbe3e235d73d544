/** What a row of the partials' topic tells of. */

export const LEDGER = 'ledger'
export const PASSED = 'passed'

/** Of a tally, by the place of its metric in the plan. */
export function tallyTag(place: number, tally: string): string {
  return `${place}:${tally}`
}
