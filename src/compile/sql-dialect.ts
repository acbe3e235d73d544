/** The base SQL dialect: prints typed expressions, and is the only place where user text enters SQL. */

/** Base of all dialects; an engine's dialect overrides only what differs. */
export class SqlDialect {
  /** An identifier, always quoted. */
  quoteName(name: string): string {
    return `"${name.replaceAll('"', '""')}"`
  }

  /** A text literal. U+0000 cannot stand in SQL text; the definition check refuses it earlier. */
  quoteText(text: string): string {
    if (text.includes('\0')) throw new RangeError('a text literal cannot hold U+0000')
    return `'${text.replaceAll("'", "''")}'`
  }
}
