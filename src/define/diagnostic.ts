/** What a check of a definition reports: one problem, with its place and what to do. */
import { fillText } from '../core/error.ts'
import { DIAGNOSTIC_TABLE, type DiagnosticCode } from './diagnostic-table.ts'

/** Keys from the top of the definition to a value: `['metrics', 'http.requests', 'where']`. */
export type Path = readonly (string | number)[]

/**
 * `line` and `column` (1-based, columns in UTF-16 units, the end exclusive) are absent when the definition was
 * made by a module, which has no text; `path` then says where the fault is.
 */
export interface Diagnostic {
  /** A code of docs/definitions.md or, for a fault inside an expression, of docs/expressions.md. */
  readonly code: string
  readonly message: string
  readonly file: string
  /** The keys joined by dots: `metrics.http.requests.where`. */
  readonly path: string
  readonly line?: number
  readonly column?: number
  readonly endLine?: number
  readonly endColumn?: number
  readonly hint?: string
}

export interface Place {
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** What a diagnostic points at: a key, its value, or a stretch of the value's text (offsets in UTF-16 units). */
export type Target = 'key' | 'value' | { readonly start: number; readonly end: number }

/** Finds where a path stands in the text that the definition came from; undefined when there is no text. */
export type Locate = (path: Path, target: Target) => Place | undefined

export type Params = Readonly<Record<string, string | number>>

/** Collects the problems of one file. */
export class DiagnosticList {
  readonly #file: string
  readonly #locate: Locate
  readonly #found = new Map<string, Diagnostic>()

  constructor(file: string, locate: Locate) {
    this.#file = file
    this.#locate = locate
  }

  add(code: DiagnosticCode, path: Path, params: Params, more: { target?: Target; hint?: string } = {}): void {
    this.addText(
      { code, message: fillText(DIAGNOSTIC_TABLE[code], params), hint: more.hint },
      path,
      more.target,
    )
  }

  /** Adds a problem whose text was made elsewhere, by the expression checker or the YAML parser. */
  addText(
    problem: { readonly code: string; readonly message: string; readonly hint?: string | undefined },
    path: Path,
    target: Target = 'value',
  ): void {
    this.addAt(problem, path, this.#locate(path, target))
  }

  addAt(
    problem: { readonly code: string; readonly message: string; readonly hint?: string | undefined },
    path: Path,
    place: Place | undefined,
  ): void {
    const { code, message, hint } = problem
    const diagnostic = {
      ...{ code, message, file: this.#file, path: path.join('.') },
      ...place,
      ...(hint === undefined ? {} : { hint }),
    }
    // An alias can lead to the same text twice; it is one problem.
    const bare = message.replaceAll(diagnostic.path, '').replaceAll(path.slice(0, -1).join('.'), '')
    const key = place
      ? `${code}\n${bare}\n${place.line}:${place.column}`
      : `${code}\n${message}\n${diagnostic.path}`
    if (!this.#found.has(key)) this.#found.set(key, diagnostic)
  }

  get isEmpty(): boolean {
    return this.#found.size === 0
  }

  /** In the order of the text. */
  sorted(): Diagnostic[] {
    return [...this.#found.values()].sort(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
  }
}

/** `Did you mean x?`, or nothing when no candidate is near. */
export function didYouMean(candidate: string | undefined): { hint?: string } {
  return candidate === undefined ? {} : { hint: `Did you mean ${candidate}?` }
}
