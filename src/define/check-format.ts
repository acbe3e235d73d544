/** The format of a source: names and options → checked Format, with the check of where its fields can stand. */
import { closestName } from '../core/closest-name.ts'
import type { Field, Format } from '../core/definition.ts'
import { checkRegex } from '../expression/regex.ts'
import type { SourceText } from './definition-schema.ts'
import { type DiagnosticList, didYouMean, type Path } from './diagnostic.ts'
import { addExpressionProblem } from './expression-problem.ts'
import { builtInNames } from './field-place.ts'

type FormatText = NonNullable<SourceText['format']>
type LongFormat = Exclude<FormatText, string>
type CsvText = NonNullable<LongFormat['csv']>

export interface CheckedFormat {
  readonly format: Format
  /** Reports a field that reads a column, group or built-in field which the format does not have. */
  checkPlace(field: Pick<Field, 'name' | 'path'>, path: Path, problems: DiagnosticList): void
}

export function checkFormat(
  text: FormatText | undefined,
  path: Path,
  problems: DiagnosticList,
): CheckedFormat | undefined {
  if (text === undefined) return undefined
  if (typeof text === 'string') return shortFormat(text)
  const given = (['csv', 'tsv', 'pattern'] as const).filter((key) => text[key] !== undefined)
  if (given.length > 1) problems.add('DEFINE_FORMAT_CHOICE', path, {})
  if (text.pattern !== undefined) return patternFormat(text.pattern, [...path, 'pattern'], problems)
  if (text.tsv) return csvFormat(text.tsv, '\t', [...path, 'tsv'], problems)
  return text.csv ? csvFormat(text.csv, ',', [...path, 'csv'], problems) : undefined
}

function shortFormat(kind: Extract<FormatText, string>): CheckedFormat {
  if (kind === 'json' || kind === 'logfmt') return { format: { kind }, checkPlace: () => {} }
  return { format: { kind }, checkPlace: placeAmong(builtInNames({ kind }), 'built-in field') }
}

function patternFormat(regex: string, path: Path, problems: DiagnosticList): CheckedFormat {
  const checked = checkRegex(regex)
  for (const problem of checked.problems) {
    const message = `The pattern cannot be used: ${problem.message}.`
    addExpressionProblem(problems, { ...problem, message }, path)
  }
  const format = { kind: 'pattern', regex: checked.normalised ?? regex } as const
  const isKnown = checked.problems.length === 0
  const names = checked.groupNames.filter((name) => name !== '')
  return { format, checkPlace: isKnown ? placeAmong(names, 'named group') : () => {} }
}

function csvFormat(text: CsvText, delimiter: string, path: Path, problems: DiagnosticList): CheckedFormat {
  const columns = text.columns ?? []
  columns.forEach((column, index) => {
    if (columns.indexOf(column) < index)
      problems.add('DEFINE_DUPLICATE_COLUMN', [...path, 'columns', index], { column: JSON.stringify(column) })
  })
  const chosen = text.delimiter ?? delimiter
  if (!/^[\t\x20-\x7e]$/.test(chosen) || chosen === '"')
    problems.add('DEFINE_BAD_DELIMITER', [...path, 'delimiter'], { given: JSON.stringify(chosen) })
  const format = { kind: 'csv', delimiter: chosen, columns, header: text.header ?? true } as const
  return { format, checkPlace: columns.length > 0 ? placeAmong(columns, 'column') : () => {} }
}

function placeAmong(known: readonly string[], kind: string): CheckedFormat['checkPlace'] {
  return (field, path, problems) => {
    const from = field.path[0] ?? ''
    if (field.path.length !== 1 || known.includes(from)) return
    const near = closestName(from, known)
    const hint = near === undefined ? { hint: `Known: ${known.join(', ') || 'none'}.` } : didYouMean(near)
    const params = { field: field.name, from: JSON.stringify(from), kind }
    problems.add('DEFINE_UNKNOWN_FIELD_SOURCE', path, params, { target: 'key', ...hint })
  }
}
