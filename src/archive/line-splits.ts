/** How bytes are split into lines by DuckDB, for each kind of run. */
import type { LineRun } from './line-runs.ts'

/**
 * How a run becomes lines, by kind: the list of its lines from a blob, and the bytes of one. DuckDB has text
 * functions only, so bytes that are no UTF-8 are split in their escaped text form, where every byte but printable
 * ASCII is \xHH (the backslash too, hence \x0A is always a newline), and are cast back.
 */
export const LINE_SPLITS: Readonly<Record<string, LineSplit>> = {
  line: { list: (blob) => `[${blob}]`, bytes: (item) => item },
  text: { list: (blob) => `string_split(decode(${blob}), chr(10))`, bytes: encoded },
  textWithReturns: {
    list: (blob) => `string_split(replace(decode(${blob}), chr(13) || chr(10), chr(10)), chr(10))`,
    bytes: encoded,
  },
  bytes: { list: (blob) => `string_split(${blob}::varchar, '\\x0A')`, bytes: unescaped },
  bytesWithReturns: {
    list: (blob) => `string_split(replace(${blob}::varchar, '\\x0D\\x0A', '\\x0A'), '\\x0A')`,
    bytes: unescaped,
  },
}

interface LineSplit {
  list(blob: string): string
  bytes(item: string): string
}

function encoded(text: string): string {
  return `encode(${text})`
}

function unescaped(text: string): string {
  return `${text}::blob`
}

const WITH_RETURNS = 'WithReturns'

/** The kind of a run among LINE_SPLITS. */
export function splitOf({ kind, hasCarriageReturns }: LineRun): string {
  return hasCarriageReturns ? `${kind}${WITH_RETURNS}` : kind
}

/** Whether carriage returns before newlines are taken off. */
export function hasReturns(kind: string): boolean {
  return kind.endsWith(WITH_RETURNS)
}
