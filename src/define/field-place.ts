/** Where a field stands in a line: paths of JSON keys, names of columns and groups, built-in names. */
import type { FieldType, Format } from '../core/definition.ts'
import type { DiagnosticList, Path } from './diagnostic.ts'

const STRING: FieldType = { kind: 'string' }
const INTEGER: FieldType = { kind: 'integer' }

/** What the access-log formats hold; `time` is the event time and no field. */
export const BUILT_IN_FIELDS: ReadonlyMap<string, FieldType | undefined> = new Map<
  string,
  FieldType | undefined
>([
  ['client_ip', STRING],
  ['ident', STRING],
  ['user', STRING],
  ['time', undefined],
  ['method', STRING],
  ['path', STRING],
  ['query', STRING],
  ['protocol', STRING],
  ['status', INTEGER],
  ['bytes', INTEGER],
  ['referer', STRING],
  ['user_agent', STRING],
])

/** The common log format ends before the last two. */
const COMBINED_ONLY: readonly string[] = ['referer', 'user_agent']

export function builtInNames(format: Format): string[] {
  return [...BUILT_IN_FIELDS.keys()].filter(
    (name) => format.kind === 'combined' || !COMBINED_ONLY.includes(name),
  )
}

export function isAccessLog(format: Format): boolean {
  return format.kind === 'combined' || format.kind === 'common'
}

/** The path of a field: its `from`, else its own name as one key. Only json has more than one level. */
export function readPath(
  name: string,
  from: string | readonly string[] | undefined,
  format: Format['kind'],
  path: Path,
  problems: DiagnosticList,
): string[] {
  if (from === undefined) return [name]
  const keys = typeof from !== 'string' ? [...from] : format === 'json' ? from.split('.') : [from]
  const why = faultOf(keys, typeof from === 'string', format)
  if (why !== undefined) problems.add('DEFINE_BAD_PATH', path, { field: name, why })
  return keys
}

function faultOf(keys: readonly string[], isText: boolean, format: Format['kind']): string | undefined {
  if (keys.length > 1 && format !== 'json')
    return `lines of the format ${format} have no levels, so it needs one name`
  if (isText && keys.some((key) => key === '')) return 'a key between two dots is empty'
  if (keys.length > 32) return 'it has more than 32 levels'
  if (keys.some((key) => /[\p{Cc}\p{Cs}]/u.test(key))) return 'it holds a control character'
  return undefined
}
