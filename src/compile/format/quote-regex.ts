/** Literal text as RE2, safe inside and outside of character classes. */
export function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|\-/]/g, '\\$&').replaceAll('\t', '\\t')
}
