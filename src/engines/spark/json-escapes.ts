/** Escapes in JSON strings that RFC 8259 or UTF-8 has no character for, and that Java's parser takes. */
import { quoteText } from './quote-text.ts'

/** U+0000 and halves of surrogate pairs, unless the backslash is one itself. */
const BAD_ESCAPE = '\\\\u(?:0000|[dD][89a-fA-F])'

export function hasBadEscape(line: string): string {
  return `(contains(${line}, ${quoteText('\\u')}) AND ${line} RLIKE ${quoteText(BAD_ESCAPE)})`
}
