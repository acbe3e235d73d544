/** ISO stamps that Spark's own cast reads as the closed regex does. */

/** Without a zone. The cast knows no other calendar or time of day, once the shape is certain and the year is not 0. */
export const ISO_SHAPE =
  '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?'

export function zoneShape(isUtc: boolean): string {
  return isUtc ? 'Z?' : 'Z'
}

export function isoShape(isUtc: boolean): string {
  return `${ISO_SHAPE}${zoneShape(isUtc)}`
}

export function isoMillis(text: string): string {
  return `unix_millis(try_cast(${text} AS TIMESTAMP))`
}
