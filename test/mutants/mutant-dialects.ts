/** DuckDB's dialect with one rule dropped each: what a careless port would print. */
import { NUMBER_REGEX } from '../../src/compile/format/exact-decimal.ts'
import type { Expr } from '../../src/core/expr.ts'
import { DuckdbDialect } from '../../src/engines/duckdb/dialect.ts'
import { DuckdbJson } from '../../src/engines/duckdb/json-dialect.ts'
import { DuckdbParse } from '../../src/engines/duckdb/parse-dialect.ts'

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`

type Changes<T> = { readonly [Key in keyof T]?: T[Key] }

function withParse(changes: Changes<DuckdbParse>): DuckdbDialect {
  return withOwn({ parse: bound(new DuckdbParse(quote), changes) } as Changes<DuckdbDialect>)
}

function withJson(changes: Changes<DuckdbJson>): DuckdbDialect {
  return withParse({ json: bound(new DuckdbJson(quote), changes) })
}

function withOwn(changes: object): DuckdbDialect {
  return Object.assign(new DuckdbDialect(), changes)
}

/** Private fields need the original as `this`, so own properties shadow its methods. */
function bound<T extends object>(original: T, changes: Changes<T>): T {
  return Object.assign(original, changes)
}

type Print = (expr: Expr) => string
type Call = Extract<Expr, { node: 'call' }>

/** Prints calls of one function otherwise. */
class OtherCall extends DuckdbDialect {
  readonly #fn: string
  readonly #other: (args: readonly string[]) => string

  constructor(fn: string, other: (args: readonly string[]) => string) {
    super()
    this.#fn = fn
    this.#other = other
  }

  protected override printCall(call: Call, args: readonly Expr[], print: Print): string {
    return call.fn === this.#fn ? this.#other(args.map(print)) : super.printCall(call, args, print)
  }
}

const TIMESTAMP = (text: string) => `epoch_ms(TRY_CAST(${text} AS TIMESTAMP))`
const COMMA = `',[ \\t\\r\\n]*[}\\]]'`

const parseUnless = (bad: string, line: string) =>
  `TRY_CAST(CASE WHEN ${bad} THEN NULL ELSE ${line} END AS JSON)`
const hasNul = (line: string) => `regexp_matches(${line}, '(^|[^\\\\])(\\\\\\\\)*\\\\u0000')`
const hasComma = (line: string) =>
  `regexp_matches(regexp_replace(${line}, '"(?:[^"\\\\]|\\\\.)*"', '""', 'g'), ${COMMA})`

/** Name of the dropped rule → dialect. */
export const MUTANTS: Readonly<Record<string, DuckdbDialect>> = {
  'json: trailing commas pass': withJson({ parse: (line) => parseUnless(hasNul(line), line) }),
  'json: trailing commas are sought inside texts too': withJson({
    parse: (line) => parseUnless(`(regexp_matches(${line}, ${COMMA}) OR ${hasNul(line)})`, line),
  }),
  'json: U+0000 passes': withJson({ parse: (line) => parseUnless(hasComma(line), line) }),
  'json: U+0000 is sought behind any backslash': withJson({
    parse: (line) => parseUnless(`(${hasComma(line)} OR contains(${line}, '\\u0000'))`, line),
  }),
  'json: anything but an object passes': withJson({ isObject: () => 'TRUE' }),
  'json: any value is a text': withJson({ isOdd: () => 'FALSE' }),
  'json: texts that look odd are refused': withJson({
    isOdd: (_line, _path, text) =>
      `coalesce(regexp_full_match(${text}, '(?s)[{\\[].*|-?[0-9]+\\.[0-9]+|[nN]a[nN]'), FALSE)`,
  }),
  'json: keys are not escaped in paths': withJson({
    texts: (json, paths) =>
      `json_extract_string(${json}, [${paths.map((path) => quote(path.map((key) => `/${key}`).join(''))).join(', ')}])`,
  }),
  'json: dots part keys': withJson({
    texts: (json, paths) =>
      `json_extract_string(${json}, [${paths.map((path) => quote(`$.${path.join('.').replaceAll('/', '.')}`)).join(', ')}])`,
  }),
  'json: parsed leniently': withJson({ parse: (line) => `TRY_CAST(replace(${line}, '''', '"') AS JSON)` }),
  'utf-8: invalid bytes are left out': withParse({ decodeText: (raw) => `decode(${raw}, 'replace')` }),
  'utf-8: only lead bytes are looked at': withParse({
    decodeText: (raw) =>
      `CASE WHEN strlen(decode(${raw}, 'ignore')) = octet_length(${raw}) THEN decode(${raw}, 'ignore') END`,
  }),
  'text: U+0000 passes': withParse({ hasNul: () => 'FALSE' }),
  'text: lengths in bytes': withParse({ codePoints: (text) => `strlen(${text})` }),
  'types: guard by plain try_cast': withParse({ isPrinted: (_text, value) => `${value} IS NOT NULL` }),
  'types: numbers have any spelling': withParse({
    fullMatch: (text, regex) =>
      regex === NUMBER_REGEX ? 'TRUE' : `regexp_full_match(${text}, ${quote(regex)})`,
  }),
  'types: infinities pass': withParse({ isFinite: (float) => `${float} IS NOT NULL` }),
  'types: decimals by way of doubles': withParse({
    tryDecimal: (text, scale) => `TRY_CAST(TRY_CAST(${text} AS DOUBLE) AS DECIMAL(18, ${scale}))`,
  }),
  'types: decimals are cut, not rounded': withParse({
    tryDecimal: (text, scale) =>
      `TRY_CAST(regexp_replace(${text}, '(\\.[0-9]{${scale}})[0-9]+$', '\\1') AS DECIMAL(18, ${scale}))`,
  }),
  'types: scaled by way of doubles': withParse({
    scaled: (decimal, scale) => `CAST(CAST(${decimal} AS DOUBLE) * 1e${scale} AS BIGINT)`,
  }),
  'types: leading zeros count as digits': withParse({ trimZeros: (text) => text, tryDecimal: () => 'NULL' }),
  'time: unguarded cast': withParse({ quickIso: TIMESTAMP }),
  'time: cast of anything shaped like a stamp': withParse({
    quickIso: (text) => `CASE WHEN ${text} LIKE '____-__-__T__:__:__%' THEN ${TIMESTAMP(text)} END`,
  }),
  'time: rounded to the nearest millisecond': withParse({
    quickIso: (text) =>
      `CASE WHEN ${text} LIKE '____-__-__T%Z' THEN CAST(epoch_us(TRY_CAST(${text} AS TIMESTAMP)) / 1000.0 AS BIGINT) END`,
  }),
  'time: zones are skipped': withParse({ lookUp: (value) => value }),
  'time: zones have one offset': withParse({ lookUp: (value) => `(${value} - 3600000)` }),
  'time: quick stamps with Z are of the zone too': withParse({
    contains: (text, literal) => (literal === 'Z' ? 'FALSE' : new DuckdbParse(quote).contains(text, literal)),
  }),
  'time: names of months are case-sensitive': withParse({ upper: (text) => text }),
  'time: division rounds': withParse({
    divide: (dividend, divisor) => `CAST(${dividend} / ${divisor} AS BIGINT)`,
  }),
  'logfmt: the last key counts': withParse({
    place: (list, literal) => `(len(${list}) + 1 - list_position(list_reverse(${list}), ${quote(literal)}))`,
  }),
  'logfmt: escapes stay': withJson({ unquote: (text) => `substr(${text}, 2, length(${text}) - 2)` }),
  'csv: doubled quotes stay': withParse({ replaceAll: (text) => text }),
  'integer / as float division': withOwn({
    quotient: (a: string, b: string) => `CAST((${a}) / (${b}) AS HUGEINT)`,
  }),
  'integer / rounds down': withOwn({
    quotient: (a: string, b: string) => `CAST(floor((${a}) / (${b})) AS HUGEINT)`,
  }),
  '% has the sign of the divisor': withOwn({
    remainder: (a: string, b: string) => `(((${a} % ${b}) + ${b}) % ${b})`,
  }),
  '% in 64 bits': withOwn({
    remainder: (a: string, b: string) => `(TRY_CAST(${a} AS BIGINT) % TRY_CAST(${b} AS BIGINT))`,
  }),
  'decimal / by truncation': withOwn({
    roundedQuotient: (a: string, b: string) => `(((${a}) // (${b})) // 2)`,
  }),
  'decimal / half to even': withOwn({
    roundedQuotient: (a: string, b: string) =>
      `CAST(round_even(CAST(${a} AS DOUBLE) / (${b}) / 2, 0) AS HUGEINT)`,
  }),
  'decimal / half up': withOwn({
    roundedQuotient: (a: string, b: string) =>
      `CAST(floor(CAST(${a} AS DOUBLE) / (${b}) / 2 + 0.5) AS HUGEINT)`,
  }),
  'wide values as doubles': withOwn({ wideType: 'DOUBLE' }),
  'wide integers reach double in two roundings': withOwn({
    toDouble: (integer: string) => `CAST(${integer} AS DOUBLE)`,
  }),
  'infinities last': withOwn({ finite: (double: string) => double }),
  'lower and upper know all of Unicode': withOwn({
    asciiCase: (text: string, to: string) => `${to}(${text})`,
  }),
  'texts compare by a collation': withOwn({
    printCompare: ({ operator, left, right }: { operator: string; left: Expr; right: Expr }, print: Print) =>
      left.type.kind === 'string'
        ? `(${print(left)} COLLATE NOCASE ${operator} ${print(right)} COLLATE NOCASE)`
        : `(${print(left)} ${operator} ${print(right)})`,
  }),
  'texts compare by a locale without accents': withOwn({
    printCompare: ({ operator, left, right }: { operator: string; left: Expr; right: Expr }, print: Print) =>
      left.type.kind === 'string'
        ? `(strip_accents(${print(left)}) ${operator} strip_accents(${print(right)}))`
        : `(${print(left)} ${operator} ${print(right)})`,
  }),
  'like without escapes': withOwn({
    printLike: (text: string, pattern: string) => `(${text} LIKE ${quote(pattern.replaceAll('\\', ''))})`,
  }),
  'like of any case': withOwn({
    printLike: (text: string, pattern: string) => `(${text} ILIKE ${quote(pattern)} ESCAPE '\\')`,
  }),
  'regexes match the whole text': withOwn({
    regexpMatches: (text: string, pattern: string) => `regexp_full_match(${text}, ${pattern})`,
  }),
  'regexes of any case': withOwn({
    regexpMatches: (text: string, pattern: string) => `regexp_matches(${text}, ${pattern}, 'i')`,
  }),
  '$ before a final line end': withOwn({
    regexpMatches: (text: string, pattern: string) => `regexp_matches(rtrim(${text}, e'\\n'), ${pattern})`,
  }),
  'no match is the empty text': withOwn({
    regexpExtract: (text: string, pattern: string, group: number) =>
      `regexp_extract(${text}, ${pattern}, ${group})`,
  }),
  'an empty group is null': withOwn({
    regexpExtract: (text: string, pattern: string, group: number) =>
      `nullif(regexp_extract(${text}, ${pattern}, ${group}), '')`,
  }),
  'concat passes over nulls': new OtherCall('concat', (args) => `concat(${args.join(', ')})`),
  'least passes over nulls': new OtherCall('least', (args) => `least(${args.join(', ')})`),
  'greatest passes over nulls': new OtherCall('greatest', (args) => `greatest(${args.join(', ')})`),
  'length in bytes': new OtherCall('length', ([text]) => `strlen(${text})`),
  'length in graphemes': new OtherCall('length', ([text]) => `length_grapheme(${text})`),
  'trim takes all white space': new OtherCall(
    'trim',
    ([text]) => `regexp_replace(${text}, '^\\s+|\\s+$', '', 'g')`,
  ),
  'substring in graphemes': new OtherCall('substring', (args) => `substring_grapheme(${args.join(', ')})`),
  'substring counts back from the end': new OtherCall('substring', (args) => `substring(${args.join(', ')})`),
  'hours of another zone': withOwn({ timestamp: (ms: string) => `make_timestamp_ms(${ms} + 3600000)` }),
  'texts are not quoted': withOwn({ quoteText: (text: string) => `'${text}'` }),
  'long dimensions in code points': withOwn({ byteLength: (text: string) => `length(${text})` }),
  'sums as doubles': withOwn({ exactSum: (value: string) => `fsum(${value})` }),
  'buckets by logarithm': withOwn({
    bucket: (value: string) =>
      `CASE WHEN ${value} <> 0 THEN CAST(sign(${value}) * floor(ln(abs(${value})) / ln(1.02)) AS BIGINT) END`,
  }),
  'buckets by way of doubles': withOwn({
    bucket: (value: string) =>
      `CASE WHEN abs(${value}) < 100 THEN ${value} ELSE CAST(sign(${value}) * (floor(log10(abs(${value}))) - 1) * 1000 AS BIGINT) END`,
  }),
  'registers by an engine hash': withOwn({
    register: (text: string) => `CAST(hash(${text}) % 4096 AS BIGINT)`,
  }),
  'always 4,096 registers': withOwn({
    register: (text: string) => `CAST(CAST('0x' || substr(md5(${text}), 1, 3) AS INTEGER) AS BIGINT)`,
  }),
  'ranks by an engine hash': withOwn({ rank: (text: string) => `CAST(1 + hash(${text}) % 50 AS INTEGER)` }),
  'distinct numbers by their doubles': withOwn({
    canonicalText: (value: string, type: { kind: string }) =>
      type.kind === 'string' ? value : `CAST(CAST(${value} AS DOUBLE) AS VARCHAR)`,
  }),
}
