/** JSON in DuckDB: one parse for all paths, and cheap tests that send only odd lines to exact checks. */
import type { JsonDialect } from '../../compile/format/parse-dialect.ts'

const QUOTED = '"(?:[^"\\\\]|\\\\.)*"'
/** Numbers that are no integers, as the parser prints them or keeps them, and what begins like an array or object. */
const ODD_TEXT =
  '(?s)[{\\[].*|-?(?:[0-9]+(?:\\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)|[nN][aA][nN]|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)'

export class DuckdbJson implements JsonDialect {
  readonly #quote: (text: string) => string

  constructor(quoteText: (text: string) => string) {
    this.#quote = quoteText
  }

  parse(line: string): string {
    return `TRY_CAST(${this.clean(line)} AS JSON)`
  }

  /** DuckDB takes trailing commas and \u0000: such lines are null. */
  protected clean(line: string): string {
    const isBad = `(${this.#hasTrailingComma(line)} OR ${this.#hasNul(line)})`
    return `CASE WHEN ${this.#isFlat(line)} AND NOT ${this.#mayHaveNul(line)} THEN ${line} WHEN ${isBad} THEN NULL ELSE ${line} END`
  }

  isObject(line: string): string {
    return `CASE WHEN ${line} >= '{' AND ${line} < '|' THEN TRUE ELSE starts_with(ltrim(${line}, e' \\t\\r\\n'), '{') END`
  }

  texts(json: string, paths: readonly (readonly string[])[]): string {
    return `json_extract_string(${json}, [${paths.map((path) => this.#path(path)).join(', ')}])`
  }

  /** Only text that could come from such a value is parsed again: a name in a log hardly ever looks like it. */
  isOdd(line: string, path: readonly string[], text: string): string {
    const isLikely = `${text} GLOB '[-0-9{[INin]*'`
    const type = `coalesce(json_type(${line}, ${this.#path(path)}) <> 'VARCHAR', FALSE)`
    const check = `CASE WHEN regexp_full_match(${text}, ${this.#quote(ODD_TEXT)}) THEN ${type} ELSE FALSE END`
    return `CASE WHEN ${isLikely} THEN ${check} ELSE FALSE END`
  }

  unquote(text: string): string {
    return `json_extract_string(TRY_CAST(${text} AS JSON), '$')`
  }

  /** An object without inner brackets, which can only end in a trailing comma, and does not. */
  #isFlat(line: string): string {
    const ends = (literal: string) => `suffix(${line}, ${literal})`
    const badEnds = [`',}'`, `' }'`, String.raw`e'\t}'`, String.raw`e'\r}'`, String.raw`e'\n}'`].map(ends)
    const goodEnd = `(${ends(`'"}'`)} OR (${ends(`'}'`)} AND NOT (${badEnds.join(' OR ')})))`
    return `${goodEnd} AND ${line} NOT LIKE '%}%}%' AND NOT contains(${line}, ']')`
  }

  /**
   * A trailing comma stands just before its bracket or is parted from it by white space, of which all but
   * single spaces is rare. What is found may still be inside a string.
   */
  #hasTrailingComma(line: string): string {
    const has = (literal: string) => `contains(${line}, ${this.#quote(literal)})`
    const spaced = `((${has(' }')} OR ${has(' ]')}) AND (${has(', }')} OR ${has(', ]')} OR ${has(',  ')}))`
    const controls = ['\t', '\r', '\n'].map((space) => has(space)).join(' OR ')
    const isPossible = `${has(',}')} OR ${has(',]')} OR ${spaced} OR ${controls}`
    const bare = `regexp_replace(${line}, ${this.#quote(QUOTED)}, '""', 'g')`
    const exact = `regexp_matches(${bare}, ${this.#quote(',[ \\t\\r\\n]*[}\\]]')})`
    return `CASE WHEN ${isPossible} THEN ${exact} ELSE FALSE END`
  }

  #mayHaveNul(line: string): string {
    return `contains(${line}, '\\u0000')`
  }

  /** The escape counts when an even number of backslashes stands before it. */
  #hasNul(line: string): string {
    const exact = String.raw`(?:^|[^\\])(?:\\\\)*\\u0000`
    return `CASE WHEN ${this.#mayHaveNul(line)} THEN regexp_matches(${line}, ${this.#quote(exact)}) ELSE FALSE END`
  }

  /**
   * A pointer would take a key such as `0` for the place in an array; the other syntax takes it for a key only,
   * but cannot name the keys `*` and ''.
   */
  #path(path: readonly string[]): string {
    const isIndex = path.slice(1).some((key) => /^\d+$/.test(key))
    if (isIndex && !path.includes('*') && !path.includes(''))
      return this.#quote(`$${path.map((key) => `."${key.replace(/["\\]/g, '\\$&')}"`).join('')}`)
    const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')
    return this.#quote(path.map((key) => `/${escaped(key)}`).join(''))
  }
}

/**
 * Trusts that every line is JSON and so parses it once less. The first that is not fails the query with an error
 * for which `isMalformed` is true; nothing has been counted then, and the caller asks again without trust.
 */
export class TrustingJson extends DuckdbJson {
  override parse(line: string): string {
    return this.clean(line)
  }
}

export function isMalformed(error: unknown): boolean {
  return error instanceof Error && /Malformed JSON|Failure in decode/.test(error.message)
}
