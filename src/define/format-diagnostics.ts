/** Prints diagnostics for people: place, message, the lines around with a marker, and what to do. */
import { readFileSync } from 'node:fs'
import { codeFrameColumns } from '@babel/code-frame'
import pc from 'picocolors'
import type { Diagnostic } from './diagnostic.ts'

export interface FormatOptions {
  readonly color: boolean
  /** The text that a file's diagnostics were made from; reads the file by default. */
  readonly sourceOf?: (file: string) => string | undefined
}

export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatOptions): string {
  const sources = new Map<string, string | undefined>()
  const sourceOf = options.sourceOf ?? readSource
  return diagnostics
    .map((diagnostic) => {
      const { file } = diagnostic
      if (!sources.has(file)) sources.set(file, diagnostic.line === undefined ? undefined : sourceOf(file))
      return formatOne(diagnostic, sources.get(file), options.color)
    })
    .join('\n\n')
}

/** The machine form, one object for each problem, as `check --json` prints it. */
export function diagnosticsJson(diagnostics: readonly Diagnostic[]): {
  readonly diagnostics: readonly Diagnostic[]
} {
  return { diagnostics }
}

function formatOne(diagnostic: Diagnostic, source: string | undefined, color: boolean): string {
  const paint = pc.createColors(color)
  const { file, line, column, code, message, hint, path } = diagnostic
  const place = line === undefined ? [file, path].filter(Boolean).join(': ') : `${file}:${line}:${column}`
  const frame = source === undefined ? undefined : frameOf(diagnostic, source, color)
  return [
    `${paint.bold(place)} ${paint.red('error')} ${message} ${paint.dim(`[${code}]`)}`,
    ...(frame === undefined ? [] : [frame]),
    ...(hint === undefined ? [] : [`  ${paint.cyan('→')} ${hint}`]),
  ].join('\n')
}

function frameOf(
  { line, column, endLine, endColumn }: Diagnostic,
  source: string,
  color: boolean,
): string | undefined {
  if (line === undefined || column === undefined || source.includes('\0')) return undefined
  // A marker over many lines hides the text that it marks.
  const end = endLine === line && endColumn !== undefined ? { end: { line, column: endColumn } } : {}
  const options = { highlightCode: false, forceColor: color, linesAbove: 1, linesBelow: 1 }
  return codeFrameColumns(source.replaceAll('\r\n', '\n'), { start: { line, column }, ...end }, options)
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
