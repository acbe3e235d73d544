/** Types that read an expression's text well enough to find a name that its source does not have. */

/** Words of the expression language itself; a test holds them equal to the tables of src/expression. */
export type LanguageWord =
  | ('and' | 'or' | 'not' | 'in' | 'between' | 'like' | 'is' | 'null' | 'true' | 'false')
  | ('case' | 'when' | 'then' | 'else' | 'end')
  | ('count' | 'sum' | 'min' | 'max' | 'mean' | 'quantiles' | 'distinct')
  | FunctionWord

type FunctionWord =
  | (
      | 'abs'
      | 'coalesce'
      | 'concat'
      | 'greatest'
      | 'least'
      | 'length'
      | 'lower'
      | 'substring'
      | 'trim'
      | 'upper'
    )
  | ('regexp_extract' | 'regexp_matches')
  | ('year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'day_of_week')

/** The first name in the text that is neither known nor a word of the language; never when all are. */
export type UnknownNameIn<Text extends string, Known extends string> = string extends Text
  ? never
  : Scan<Text> extends { plain: infer Plain extends string; quoted: infer Quoted }
    ? Exclude<Quoted, Known> extends never
      ? UnknownWord<Spaced<Plain>, Known>
      : Exclude<Quoted, Known>
    : never

/** Takes texts and quoted names out. A quote inside quotes, or an open one, is left to the run-time check. */
type Scan<
  Text extends string,
  Plain extends string = '',
  Quoted = never,
> = Text extends `${infer Before}'${infer After}`
  ? Before extends `${string}"${string}`
    ? ScanName<Text, Plain, Quoted>
    : After extends `${string}'${infer Rest}`
      ? Scan<Rest, `${Plain}${Before} `, Quoted>
      : unknown
  : Text extends `${string}"${string}`
    ? ScanName<Text, Plain, Quoted>
    : { plain: `${Plain}${Text}`; quoted: Quoted }

type ScanName<
  Text extends string,
  Plain extends string,
  Quoted,
> = Text extends `${infer Before}"${infer Name}"${infer Rest}`
  ? Rest extends `"${string}`
    ? unknown
    : Scan<Rest, `${Plain}${Before} `, Quoted | Name>
  : unknown

type Punctuation = [
  ...['(', ')', ',', '+', '-', '*', '/', '%', '=', '<', '>', '!', '|'],
  ...['\n', '\r', '\t'],
]

/** The text with a space for every operator. */
type Spaced<Text extends string, Marks extends readonly string[] = Punctuation> = Marks extends readonly [
  infer Mark extends string,
  ...infer Rest extends readonly string[],
]
  ? Spaced<Replaced<Text, Mark>, Rest>
  : Text

type Replaced<
  Text extends string,
  Mark extends string,
  Done extends string = '',
> = Text extends `${infer Before}${Mark}${infer After}`
  ? Replaced<After, Mark, `${Done}${Before} `>
  : `${Done}${Text}`

type UnknownWord<Text extends string, Known extends string> = Text extends `${infer Word} ${infer Rest}`
  ? IsKnown<Word, Known> extends true
    ? UnknownWord<Rest, Known>
    : Word
  : IsKnown<Text, Known> extends true
    ? never
    : Text

type IsKnown<Word extends string, Known extends string> = Word extends '' | Known | `${number}`
  ? true
  : Lowercase<Word> extends LanguageWord
    ? true
    : false

/** Names of the groups `(?P<name>…)` in a pattern; string when the pattern is not a literal. */
export type GroupNames<Pattern extends string, Found extends string = never> = string extends Pattern
  ? string
  : Pattern extends `${string}(?P<${infer Name}>${infer Rest}`
    ? GroupNames<Rest, Found | Name>
    : Found
