/** `defineConfig()`: a definition in TypeScript, where a misspelt name is a compile error. */
import type { GroupNames, UnknownNameIn } from './config-names.ts'
import type { DefinitionText } from './definition-schema.ts'

type Immutable<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Immutable<Item>[]
    : { readonly [Key in keyof T]: Immutable<T[Key]> }

/** A definition as plain data, without the check of names: what YAML holds. */
export type Config = Immutable<DefinitionText>

type SourceConfig = Config['sources'][string]
type MetricConfig = NonNullable<Config['metrics']>[string]

/** What a compile error shows for a name that is not there. */
export interface UnknownName<Name, Known> {
  readonly 'unknown name': Name
  readonly 'known names': Known
}

/**
 * Returns the definition as it is; the work is done by its types. Give it as the default export of
 * `millrace.config.mjs`. Names of fields in expressions, of sources, of measures in ratios and of all keys are
 * checked by the compiler; everything else by `millrace check`.
 */
export function defineConfig<const T extends Config>(config: T & CheckedConfig<T>): T {
  return config
}

type CheckedConfig<T extends Config> = KnownKeys<T, Config> & {
  readonly sources: { readonly [Name in keyof T['sources']]: CheckedSource<T['sources'][Name]> }
} & (T extends { readonly metrics: infer Metrics }
    ? { readonly metrics: { readonly [Name in keyof Metrics]: CheckedMetric<Metrics[Name], T['sources']> } }
    : unknown)

/** Generic parameters switch the compiler's own check for unknown keys off; this puts it back. */
type KnownKeys<T, Shape> = {
  readonly [Key in Exclude<keyof T, keyof Shape>]: UnknownName<Key, keyof Shape>
}

type OneOf<Name, Known> = Name extends Known ? unknown : UnknownName<Name, Known>

type CheckedSource<S> = KnownKeys<S, SourceConfig> &
  (S extends { readonly fields: infer Fields }
    ? { readonly fields: { readonly [Name in keyof Fields]: CheckedField<Name, Fields[Name], PlacesOf<S>> } }
    : unknown) &
  (S extends { readonly time: infer Time extends string }
    ? { readonly time: OneOf<Time, PlacesOf<S> | keyof FieldsOf<S>> }
    : unknown)

type CheckedField<Name, Field, Places> = Field extends string
  ? Name extends Places
    ? unknown
    : UnknownName<Name, Places>
  : KnownKeys<Field, { type: unknown; from: unknown }> &
      (Field extends { readonly from: infer From extends string }
        ? string extends Places
          ? unknown
          : { readonly from: OneOf<From, Places> }
        : unknown)

/** Names that a field can be read from: columns, groups, built-in fields; any for json and logfmt. */
type PlacesOf<S> = S extends { readonly format: infer Format }
  ? Format extends 'json' | 'logfmt'
    ? string
    : Format extends { readonly csv: { readonly columns: readonly (infer Column)[] } }
      ? Column
      : Format extends { readonly tsv: { readonly columns: readonly (infer Column)[] } }
        ? Column
        : Format extends { readonly pattern: infer Pattern extends string }
          ? GroupNames<Pattern>
          : Format extends 'combined'
            ? CommonField | 'time' | 'referer' | 'user_agent'
            : CommonField | 'time'
  : string

type CommonField =
  | ('client_ip' | 'ident' | 'user' | 'method' | 'path')
  | ('query' | 'protocol' | 'status' | 'bytes')

type FieldsOf<S> = S extends { readonly fields: infer Fields } ? Fields : unknown

type TimeNameOf<S> = S extends { readonly time: infer Time }
  ? Time extends string
    ? Time
    : Time extends { readonly field: infer Field }
      ? Field
      : never
  : never

type BuiltInOf<S> = S extends { readonly format: 'combined' | 'common' } ? PlacesOf<S> : never

/** Every name that an expression over the source may use. */
type NamesOf<S> = Extract<keyof FieldsOf<S> | TimeNameOf<S> | BuiltInOf<S>, string>

type Expression<Text, Known extends string> = Text extends string
  ? [UnknownNameIn<Text, Known>] extends [never]
    ? unknown
    : Refused<UnknownNameIn<Text, Known>, Known>
  : unknown

/** The inferred copy makes the error show the names themselves. */
type Refused<Name, Known> = [Known] extends [infer Names] ? UnknownName<Name, Names> : never

type Expressions<Texts, Known extends string> = {
  readonly [Name in keyof Texts]: Texts[Name] extends { readonly value: infer Value }
    ? { readonly value: Expression<Value, Known> } & KnownKeys<Texts[Name], { value: unknown; unit: unknown }>
    : Expression<Texts[Name], Known>
}

type CheckedMetric<M, Sources> = KnownKeys<M, MetricConfig> &
  (M extends { readonly source: infer Source }
    ? Source extends keyof Sources
      ? CheckedExpressions<M, NamesOf<Sources[Source]>>
      : { readonly source: UnknownName<Source, keyof Sources> }
    : unknown)

type CheckedExpressions<M, Known extends string> = (M extends { readonly where: infer Where }
  ? { readonly where: Expression<Where, Known> }
  : unknown) &
  (M extends { readonly dimensions: infer Dimensions }
    ? { readonly dimensions: Expressions<Dimensions, Known> }
    : unknown) &
  (M extends { readonly measures: infer Measures }
    ? { readonly measures: Expressions<Measures, Known> }
    : unknown) &
  (M extends { readonly ratios: infer Ratios; readonly measures: infer Measures }
    ? { readonly ratios: Expressions<Ratios, Extract<keyof Measures | keyof Ratios, string>> }
    : unknown)
