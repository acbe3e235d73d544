/** Code → text of every problem a definition can have outside its expressions; docs/definitions.md lists each. */
export const DIAGNOSTIC_TABLE = {
  DEFINE_ALIAS_EXPANSION: 'The aliases of this file expand to more values than a definition can need.',
  DEFINE_BAD_ADDRESS: '{key} is not an address that can be used: write a URL such as {example}.',
  DEFINE_BAD_BROKERS: '{key} is not a list of brokers: write host:port, several joined by commas.',
  DEFINE_BAD_CRON:
    '{given} is not a time table, or its time never comes: write five fields of cron, such as 0 3 * * *.',
  DEFINE_BAD_DELIMITER: 'A delimiter is one ASCII character other than a quote or a line end, not {given}.',
  DEFINE_BAD_DURATION: '{given} is not a duration: write a whole number and ms, s, m, h or d.',
  DEFINE_BAD_FIELD_NAME: 'A field name has 1 to 128 characters, none of them a control character: {given}.',
  DEFINE_BAD_FOLDER: 'A folder of the archive is an absolute path such as /millrace, not {given}.',
  DEFINE_BAD_HOST: '{given} is not the name of a host: write it without a scheme, a port and a path.',
  DEFINE_BAD_LISTEN: '{given} is not a place to listen: write host:port, such as 127.0.0.1:8080.',
  DEFINE_BAD_MASTER: '{given} is not a master: write spark://host:port, yarn, k8s://host:port or local[*].',
  DEFINE_BAD_MODE:
    '{given} is not a mode: write it in quotes, with every right for the owner, such as "0700" or "0750".',
  DEFINE_BAD_NAME: 'The name {given} cannot be used: {rule}.',
  DEFINE_BAD_PATH: 'The path of {field} cannot be read: {why}.',
  DEFINE_BAD_PROXY:
    '{given} is not an address: write one such as 127.0.0.1 or ::1, or a network such as 10.0.0.0/8.',
  DEFINE_BAD_RENAME: '{source} cannot have been {was}: {why}.',
  DEFINE_BAD_SCHEMA:
    '{given} cannot be the schema of a report: it needs small letters, digits and _ only, at most 63, not starting with a digit; names that begin with pg_, and information_schema, are kept by PostgreSQL for itself.',
  DEFINE_BAD_SIZE: '{given} is not a size: write a whole number and k, m, g or t.',
  DEFINE_BAD_TIME_LAYOUT: '{given} is not a time layout: {why}.',
  DEFINE_BAD_TOKEN_HASH: '{given} is not the hash of a token: take one from `millrace token`.',
  DEFINE_BAD_TOPIC:
    '{given} cannot be the name of a topic, or the beginning of one: write letters, digits, dots, underscores and hyphens.',
  DEFINE_BAD_UNIT: 'A unit is UCUM text: 1 to 63 printable ASCII characters without spaces, not {given}.',
  DEFINE_BAD_VALUE: '{key} cannot be {given}: expected {expected}.',
  DEFINE_COLUMN_CLASH:
    'The quantiles of {measure} are shown in columns such as {column}, which {name} would hide.',
  DEFINE_CUT_EXPRESSION: 'Inside { … } a comma ends a value, so {expression} is cut at its first one.',
  DEFINE_CYCLIC_RATIO: 'The ratios need one another in a circle: {cycle}.',
  DEFINE_DUPLICATE_COLUMN: 'The column {column} stands twice in the header.',
  DEFINE_DUPLICATE_KEY: 'The key {key} stands twice in this mapping.',
  DEFINE_DUPLICATE_NAME: '{name} is already the name of a {kind} (capitals do not tell names apart).',
  DEFINE_EMPTY_FILE: 'The file holds no definition.',
  DEFINE_FILE_TOO_LARGE: 'The file is larger than {limit}, which no definition needs.',
  DEFINE_FORMAT_CHOICE: 'A format in long form has exactly one of csv, tsv and pattern.',
  DEFINE_LITTLE_MEMORY: '{given} is less memory than {adapter} needs to start: write {least} or more.',
  DEFINE_MIRROR_OF_ADAPTER: 'A mirror is a copy of the embedded archive; {adapter} keeps copies itself.',
  DEFINE_MISSING_KEY: '{parent} has no {key}, which is required.',
  DEFINE_MODULE_EXPORT: 'The module has no default export that holds a definition.',
  DEFINE_MODULE_FAILED: 'The module could not be run: {why}.',
  DEFINE_NEWER_VERSION:
    'This definition has version {version}: it was made for a newer Millrace than this one, which reads version 1.',
  DEFINE_NOT_TEXT: 'The file is not UTF-8 text.',
  DEFINE_NO_COLUMNS: 'The format {format} needs the names of its columns, in file order.',
  DEFINE_NO_TIME: 'The source {source} does not say which field holds the event time.',
  DEFINE_OPTION_WITHOUT_ADAPTER: '{key} is an option of {adapter}, which is not given.',
  DEFINE_PASSWORD_WITHOUT_LOGIN: '{key} belongs to a login: name `sasl` and `user` both.',
  DEFINE_RATIO_OF_QUANTILES: 'The ratio {ratio} uses {measure}, whose quantiles are many numbers, not one.',
  DEFINE_RESERVED_NAME: 'The name {name} is taken by a column that every metric has.',
  DEFINE_STREAM_OBSERVED_READ:
    '{adapter} reads the topic itself, and cannot know when `millrace serve` does; have the topic stamped by its broker (LogAppendTime).',
  DEFINE_STREAM_WITHOUT_LOG: 'A job reads lines from Kafka: name its brokers in `log: {{ kafka: … }}`.',
  DEFINE_TOO_DEEP: 'The text is nested more than 64 levels deep, which no definition needs.',
  DEFINE_UNKNOWN_FIELD_SOURCE: '{field} reads {from}, which is not a {kind} of the format.',
  DEFINE_UNKNOWN_KEY: '{parent} has no key {key}.',
  DEFINE_UNKNOWN_SOURCE: 'There is no source {source}.',
  DEFINE_UNKNOWN_ZONE:
    '{zone} is not a time zone: write an IANA name such as Europe/Berlin, or an offset such as +02:00.',
  DEFINE_WINDOW_DIVIDES_NO_DAY: 'A window of {window} does not divide a day.',
  DEFINE_WRONG_TYPE: '{key} is {given}, where {expected} is needed.',
  DEFINE_YAML: '{why}',
  DEFINE_YEAR_UNUSED: 'Stamps of the layout {layout} carry their own year, so none can be given.',
} as const satisfies Record<string, string>

export type DiagnosticCode = keyof typeof DIAGNOSTIC_TABLE
