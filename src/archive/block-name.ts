/** How blocks are named: by the offsets they hold, so that names sort as the lines do. */

export function blockName(firstOffset: number, endOffset: number): string {
  return `${digits(firstOffset)}-${digits(endOffset)}.parquet`
}

/** Sixteen digits hold every safe integer, and names then sort as numbers do. */
export function digits(value: number): string {
  return String(value).padStart(16, '0')
}
