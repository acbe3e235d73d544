/** Reads YAML (and so JSON) into plain data, and finds where a path of that data stands in the text. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml'
import { fillText } from '../core/error.ts'
import { type CutExpression, joinCutExpressions } from './cut-expressions.ts'
import { DiagnosticList, type Locate, type Path, type Place } from './diagnostic.ts'
import { DIAGNOSTIC_TABLE } from './diagnostic-table.ts'
import { scalarOffsets } from './scalar-offsets.ts'
import { isTooDeep } from './yaml-depth.ts'

/** No definition needs more; YAML parsers take seconds over megabytes. */
const MAX_BYTES = 1_048_576
const MAX_ALIASES = 100

export interface ReadText {
  /** Plain data; absent when the text is no YAML. */
  readonly tree?: unknown
  readonly problems: DiagnosticList
}

export function readYaml(text: string, file: string): ReadText {
  const lines = new LineCounter()
  if (text.length > MAX_BYTES) return refuse(file, 'DEFINE_FILE_TOO_LARGE', { limit: '1 MiB' })
  if (/^[\s\uFEFF]*$/.test(text)) return refuse(file, 'DEFINE_EMPTY_FILE')
  if (isTooDeep(text)) return refuse(file, 'DEFINE_TOO_DEEP')
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  return readDocument(document, text, file, lines)
}

function refuse(file: string, code: Parameters<DiagnosticList['add']>[0], params = {}): ReadText {
  const problems = new DiagnosticList(file, () => ({ line: 1, column: 1, endLine: 1, endColumn: 2 }))
  problems.add(code, [], params)
  return { problems }
}

function readDocument(document: Document.Parsed, text: string, file: string, lines: LineCounter): ReadText {
  const problems = new DiagnosticList(file, yamlLocator(document, text, lines))
  const cuts = joinCutExpressions(document, text)
  for (const cut of cuts) addCut(cut, problems, lines)
  const errors = document.errors.filter(
    ({ pos: [at] }) => !cuts.some(({ start, end }) => at >= start && at <= end),
  )
  for (const error of [...errors, ...document.warnings]) addYamlError(error, problems, text, lines)
  if (errors.some((error) => error.code !== 'DUPLICATE_KEY')) return { problems }
  document.errors = errors
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    problems.add('DEFINE_EMPTY_FILE', [], {})
    return { problems }
  }
  try {
    return { tree: document.toJS({ maxAliasCount: MAX_ALIASES }), problems }
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    problems.add('DEFINE_ALIAS_EXPANSION', [], {})
    return { problems }
  }
}

function addCut(
  { start, end, expression }: CutExpression,
  problems: DiagnosticList,
  lines: LineCounter,
): void {
  const message = fillText(DIAGNOSTIC_TABLE.DEFINE_CUT_EXPRESSION, { expression })
  const mark = expression.includes('"') ? "'" : '"'
  const quoted = mark === "'" ? expression.replaceAll("'", "''") : expression
  const hint = `Write it in quotes: ${mark}${quoted}${mark}`
  problems.addAt({ code: 'DEFINE_CUT_EXPRESSION', message, hint }, [], placeOf(lines, start, end))
}

function addYamlError(error: YAMLError, problems: DiagnosticList, text: string, lines: LineCounter): void {
  const [start, end] = error.pos
  if (error.code !== 'DUPLICATE_KEY') {
    const place = placeOf(lines, start, Math.max(end, start + 1))
    problems.addAt({ code: 'DEFINE_YAML', message: sentence(error.message) }, [], place)
    return
  }
  const key = /^(?:"[^"\n]*"|'[^'\n]*'|[^\s:]+)/.exec(text.slice(start))?.[0] ?? text.slice(start, end)
  const message = fillText(DIAGNOSTIC_TABLE.DEFINE_DUPLICATE_KEY, { key })
  const problem = { code: 'DEFINE_DUPLICATE_KEY', message, hint: 'Remove one of the two.' }
  problems.addAt(problem, [], placeOf(lines, start, start + key.length))
}

const sentence = (message: string): string => (message.endsWith('.') ? message : `${message}.`)

function yamlLocator(document: Document.Parsed, text: string, lines: LineCounter): Locate {
  return (path, target) => {
    const { pair, node } = findNode(document, path)
    if (typeof target === 'object' && node && isScalar(node)) {
      const offsets = scalarOffsets(text, node)
      const start = offsets[Math.min(target.start, offsets.length - 1)] ?? 0
      const last = offsets[Math.min(Math.max(target.end - 1, target.start), offsets.length - 1)] ?? start
      return placeOf(lines, start, Math.max(last + 1, start + 1))
    }
    const chosen = target === 'key' && pair ? (pair.key as Node) : (node ?? (pair?.key as Node | undefined))
    const range = chosen?.range ?? document.contents?.range ?? [0, 1, 1]
    return placeOf(lines, range[0], Math.max(trimEnd(text, range[0], range[1]), range[0] + 1))
  }
}

/** A collection's range runs to the start of the next key; blanks there are not part of it. */
function trimEnd(text: string, start: number, end: number): number {
  let last = end
  while (last > start && /\s/.test(text[last - 1] as string)) last--
  return last
}

interface Found {
  readonly pair?: Pair | undefined
  readonly node?: Node | undefined
}

/** The deepest node on the path; where the path leads nowhere, its nearest parent. */
function findNode(document: Document.Parsed, path: Path): Found {
  let found: Found = { node: document.contents ?? undefined }
  for (const key of path) {
    const parent = isAlias(found.node) ? found.node.resolve(document) : found.node
    const pair = isMap(parent)
      ? (parent.items as Pair[]).findLast((item) => isPair(item) && keyText(item) === String(key))
      : undefined
    const node = pair ? pair.value : isSeq(parent) ? parent.items[Number(key)] : undefined
    // What is missing is shown at the key of its parent, not over the parent's whole text.
    if (!pair && node === undefined) return found.pair ? { pair: found.pair } : { node: firstKey(parent) }
    found = { pair, node: (node ?? undefined) as Node | undefined }
  }
  return { ...found, node: isAlias(found.node) ? found.node.resolve(document) : found.node }
}

const keyText = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value ?? '') : String(pair.key))

function firstKey(parent: Node | undefined): Node | undefined {
  return isMap(parent) ? ((parent.items[0] as Pair | undefined)?.key as Node | undefined) : parent
}

function placeOf(lines: LineCounter, start: number, end: number): Place {
  const first = lines.linePos(start)
  const last = lines.linePos(end)
  return { line: first.line, column: first.col, endLine: last.line, endColumn: last.col }
}
