/** What a format does: find the texts of the wanted places in each line, or say why the line cannot be read. */
import type { Format } from '../../core/definition.ts'
import type { EngineDialect } from './parse-dialect.ts'
import type { Stages } from './stages.ts'

/**
 * What a format may build on. The stages hold `line`, which is null for a line that is already rejected.
 * `paths` are the wanted places without repeats.
 */
export interface ReadRequest<F extends Format = Format> {
  readonly stages: Stages
  readonly dialect: EngineDialect
  readonly format: F
  readonly paths: readonly (readonly string[])[]
}

/** A condition that rejects the line; null counts as false. */
export interface LineFault {
  readonly when: string
  readonly reason: string
  /** No line with this fault has any text at a place, so none has a time. */
  readonly isTimeless?: boolean
}

export interface Reading {
  /** Most basic first. */
  readonly reasons: readonly LineFault[]
  /** SQL of the text at a place (index in `paths`); null when the line has none. */
  text(place: number): string
  /** Texts that mean null in this format, besides the empty text of all but strings. */
  readonly nullTexts: readonly string[]
  /** SQL: a `string` field must refuse the value though it has a text. */
  isOdd?(place: number, text: string): string
}

/** Condition of the common case of one reason. */
export function unlessMatched(matched: string): Reading['reasons'] {
  return [{ when: `NOT (${matched})`, reason: 'no_match' }]
}
