/** The names an expression may use. */
import type { FieldType } from '../core/definition.ts'

/**
 * `eventTime` is the name under which time parts see the event time. When a field has the same name, the name
 * means the event time inside a time part and the field everywhere else.
 */
export interface Scope {
  readonly fields: ReadonlyMap<string, FieldType>
  readonly eventTime?: string
  /** Names that were declared wrongly, or may be: what is made of them is not judged, and not reported again. */
  readonly isUnjudged?: (name: string) => boolean
}
