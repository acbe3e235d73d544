/** The words for a time zone that name one offset wherever they stand. */

/**
 * Word → minutes ahead of UTC, as RFC 5322 4.3 has them, and `UTC` and `Z` (RFC 3339). All other words are left out: most
 * name several zones (IST is India, Israel or Ireland), and a word such as CET tells the offset but not the zone's rules.
 */
export const ZONE_WORDS: ReadonlyMap<string, number> = new Map([
  ...['Z', 'UT', 'UTC', 'GMT'].map((word) => [word, 0] as const),
  ...['E', 'C', 'M', 'P'].flatMap((letter, index) => [
    [`${letter}ST`, (-5 - index) * 60] as const,
    [`${letter}DT`, (-4 - index) * 60] as const,
  ]),
])
